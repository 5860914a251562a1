// Every key of the cockpit in one list: what the help shows is what is heard here.
import { screens } from "@/features/frame/screens";
import { m } from "@/text/gen/messages.js";

export type KeyGroup = { title: string; keys: [keys: string, what: string][] };

/** The key that opens everything, as this machine writes it. */
export function everything(): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘K" : "Ctrl K";
}

/** What each key does. */
export function groups(): KeyGroup[] {
  return [
    {
      title: m.keys_everywhere(),
      keys: [
        [everything(), m.key_everything()],
        ["?", m.key_help()],
        ["Esc", m.key_close()],
      ],
    },
    {
      title: m.keys_lists(),
      keys: [
        ["j / k", m.key_move()],
        ["Enter", m.key_open()],
        ["/", m.key_search()],
      ],
    },
    {
      title: m.keys_work(),
      keys: [
        ["a / d", m.key_answer()],
        ["c", m.key_compose()],
        ["e", m.key_interrupt()],
      ],
    },
    {
      title: m.transcript(),
      keys: [
        ["f", m.find_in_transcript()],
        ["n / N", m.key_found()],
        ["!", m.next_error()],
        ["q", m.next_question()],
      ],
    },
    {
      title: m.board(),
      keys: [
        ["← → ↑ ↓", m.key_board()],
        ["m", m.key_card()],
      ],
    },
    { title: m.keys_go(), keys: screens().map((screen) => [`g ${screen.key}`, screen.label]) },
  ];
}

/** Whether a key belongs to what somebody writes, or to a box that is open. */
export function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  const writing = target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
  return event.metaKey || event.ctrlKey || event.altKey || event.isComposing || writing || document.querySelector("[role=dialog]") !== null;
}

/** Moves the focus to the next thing that can be opened or answered. */
export function move(step: 1 | -1): void {
  const all = [
    ...document.querySelectorAll<HTMLElement>("main [data-question], main ul li > a, main ul li > button[aria-expanded], main article > a"),
  ];
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[at < 0 ? (step === 1 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
