// A proposal that is being edited: cards that can be changed, taken out and added, and what becomes of them as a request.
import type { NewTask, PlanTask } from "@/api/client";

/** A card in the form. `key` names it here only; the tasks of a proposal are made anew. */
export type Card = { key: string; task: NewTask; needs: string[] };

export function cardsOf(tasks: readonly PlanTask[]): Card[] {
  return tasks.map((task) => ({ key: task.id, task: task.task, needs: task.needs }));
}

export type Edit =
  | { kind: "change"; key: string; task: Partial<NewTask> }
  | { kind: "needs"; key: string; needs: string[] }
  | { kind: "remove"; key: string }
  | { kind: "add" };

export function edited(cards: readonly Card[], edit: Edit): Card[] {
  switch (edit.kind) {
    case "change":
      return cards.map((card) => (card.key === edit.key ? { ...card, task: { ...card.task, ...edit.task } } : card));
    case "needs":
      return cards.map((card) => (card.key === edit.key ? { ...card, needs: edit.needs } : card));
    case "remove":
      // Nothing can wait for what is not there.
      return cards
        .filter((card) => card.key !== edit.key)
        .map((card) => ({ ...card, needs: card.needs.filter((need) => need !== edit.key) }));
    case "add": {
      let at = cards.length + 1;
      while (cards.some((card) => card.key === `new ${at}`)) at += 1;
      return [...cards, { key: `new ${at}`, task: { title: "", priority: 0 }, needs: [] }];
    }
  }
}

/** What may come before a card: every other one that does not itself wait for it. */
export function earlier(cards: readonly Card[], key: string): Card[] {
  const after = new Set([key]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const card of cards) {
      if (!after.has(card.key) && card.needs.some((need) => after.has(need))) {
        after.add(card.key);
        grew = true;
      }
    }
  }
  return cards.filter((card) => !after.has(card.key));
}

/** The tasks as they are sent. Their former ids are gone with them, so the keys are new ones. */
export function tasksOf(cards: readonly Card[]): NewTask[] {
  const key = new Map(cards.map((card, at) => [card.key, `t${at + 1}`]));
  return cards.map((card) => ({
    ...card.task,
    title: card.task.title.trim(),
    key: key.get(card.key) ?? null,
    needs: card.needs.map((need) => key.get(need) ?? need),
  }));
}
