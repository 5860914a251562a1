import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Budgets, Failure } from "@/api/client";
import { limitDay } from "@/api/cost";
import { may, meQuery } from "@/api/me";
import { reasonWord } from "@/api/reason";
import { resumeTurn } from "@/api/turn";
import { duration, moment, money, until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { Mark } from "@/ui/mark";
import { toast } from "@/ui/toast";

/** How much of a budget is used: full is a state, and says so in words beside it. */
function Used({ spent, budget }: { spent: number; budget: number }) {
  const share = budget > 0 ? Math.min(1, spent / budget) : 1;
  return (
    <span aria-hidden className="block h-2 overflow-hidden rounded-full bg-raised">
      <span
        className={cn("block h-full rounded-full", share >= 1 ? "bg-failed" : share >= 0.8 ? "bg-needs" : "bg-edge")}
        style={{ width: `${share * 100}%` }}
      />
    </span>
  );
}

/** Today's spending and its limit. */
export function Day({ day }: { day: Budgets["day"] }) {
  const me = useQuery(meQuery);
  const now = useNow();
  const [changing, setChanging] = useState(false);
  const resets = Date.parse(day.resets_at);
  const budget = day.budget_usd;
  return (
    <div className="flex h-full flex-col gap-2 rounded-box border border-line bg-panel p-3">
      <p className="flex items-baseline gap-2">
        <span className="text-[1.5rem] leading-8 font-semibold">{money(day.spent_usd)}</span>
        <span className="text-soft">{budget == null ? m.budget_none() : m.of_budget({ budget: money(budget + day.allowed_usd) })}</span>
      </p>
      {budget != null && day.left_usd != null && (
        <>
          <Used spent={day.spent_usd} budget={budget + day.allowed_usd} />
          <p className={day.left_usd <= 0 ? "flex items-center gap-1.5 text-failed" : "text-soft"}>
            {day.left_usd <= 0 && <Mark state="failed" />}
            {day.left_usd <= 0 ? m.budget_used_up() : m.budget_left({ left: money(day.left_usd) })}
          </p>
          {day.allowed_usd > 0 && <p className="text-small text-soft">{m.budget_allowed({ more: money(day.allowed_usd) })}</p>}
        </>
      )}
      <p className="text-small text-soft" title={moment(resets)}>
        {m.day_ends({ time: until(resets, now), left: duration(resets - now) })}
      </p>
      {may(me.data?.role, "administer") && (
        <Button className="mt-auto self-start" onClick={() => setChanging(true)}>
          {budget == null ? m.budget_set() : m.budget_change()}
        </Button>
      )}
      {changing && <Change budget={budget ?? undefined} onClose={() => setChanging(false)} />}
    </div>
  );
}

function Change({ budget, onClose }: { budget: number | undefined; onClose: () => void }) {
  const queries = useQueryClient();
  const [text, setText] = useState(budget === undefined ? "" : String(budget));
  const limit = useMutation({
    mutationFn: limitDay,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["budgets"] });
      onClose();
    },
  });
  const usd = Number(text);
  const sound = text.trim() !== "" && Number.isFinite(usd) && usd >= 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (sound) limit.mutate(usd);
  };
  return (
    <Dialog open onClose={onClose} title={m.budget_day()}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label={m.budget_usd()} hint={m.budget_day_hint()} error={(limit.error as Failure | null)?.message}>
          {(id) => <Input id={id} inputMode="decimal" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <div className="flex flex-wrap justify-end gap-2">
          {budget !== undefined && (
            <Button className="mr-auto" disabled={limit.isPending} onClick={() => limit.mutate(null)}>
              {m.budget_remove()}
            </Button>
          )}
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind="primary" type="submit" disabled={!sound || limit.isPending}>
            {sound ? m.budget_save_usd({ usd: money(usd) }) : m.budget_save()}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Turns that wait for a limit, and when each comes back. */
export function Parked({ parked }: { parked: Budgets["parked"] }) {
  const me = useQuery(meQuery);
  const now = useNow();
  const queries = useQueryClient();
  const resume = useMutation({
    mutationFn: resumeTurn,
    onError: (error) => toast((error as Failure).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["budgets"] }),
  });
  if (parked.length === 0) return null;
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-small font-semibold text-soft">{m.waiting_for_limit()}</h2>
      <ul className="overflow-hidden rounded-box border border-line bg-panel">
        {parked.map((one) => {
          const at = one.until == null ? undefined : Date.parse(one.until);
          return (
            <li key={one.turn} className="flex items-center gap-2 border-b border-line pr-3 last:border-0">
              <Link
                to="/sessions/$id"
                params={{ id: one.session }}
                className="flex min-w-0 flex-1 items-start gap-2.5 px-3 py-2 hover:bg-raised"
              >
                <Mark state="parked" className="mt-0.5" />
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-semibold">{one.title}</span>
                  <span className="block text-small text-soft">
                    {one.agent} · {reasonWord(one.reason)}{" "}
                    {at === undefined ? m.waits_for_person() : m.comes_back({ time: until(at, now), left: duration(at - now) })}
                  </span>
                </span>
              </Link>
              {may(me.data?.role, "operate") && (
                <Button
                  disabled={resume.isPending}
                  onClick={() => resume.mutate(one.turn)}
                  aria-label={m.resume_now_named({ title: one.title })}
                >
                  {m.resume_now()}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Open sessions with a budget, those with the smallest part left first. */
export function SessionBudgets({ sessions }: { sessions: Budgets["sessions"] }) {
  if (sessions.length === 0) return null;
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-small font-semibold text-soft">{m.session_budgets()}</h2>
      <ul className="overflow-hidden rounded-box border border-line bg-panel">
        {sessions.map((one) => (
          <li key={one.session} className="border-b border-line last:border-0">
            <Link to="/sessions/$id" params={{ id: one.session }} className="flex flex-col gap-1.5 px-3 py-2 hover:bg-raised">
              <span className="flex items-baseline gap-2">
                <span className="min-w-0 flex-1 truncate font-semibold">{one.title}</span>
                <span className="shrink-0">{m.cost_of({ cost: money(one.spent_usd), budget: money(one.budget_usd) })}</span>
              </span>
              <Used spent={one.spent_usd} budget={one.budget_usd} />
              <span className="flex justify-between gap-2 text-small text-soft">
                <span className="truncate">{one.agent}</span>
                <span className="shrink-0">{one.left_usd <= 0 ? m.budget_used_up() : m.budget_left({ left: money(one.left_usd) })}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
