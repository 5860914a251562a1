import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { Failure } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { allowance, type PushKind, type PushWish, pushQuery, subscribe, testPush, unsubscribe } from "@/api/push";
import { m } from "@/text/gen/messages.js";
import { locale } from "@/text/locale";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { Failed, Loading } from "@/ui/states";
import { toast } from "@/ui/toast";

const KINDS: readonly PushKind[] = ["approval", "needs_human", "finished", "failed"];
/** A night, for who switches quiet hours on. */
const NIGHT = { from: "22:00", to: "07:00" };

export function kindWord(kind: PushKind): string {
  const words = {
    approval: m.kind_approval,
    needs_human: m.kind_needs_human,
    finished: m.kind_finished,
    failed: m.kind_failed,
    test: m.push_test,
  };
  return words[kind]();
}

/** What is pushed to this device. Everything is stored as it is changed. */
export function Pushes() {
  const query = useQuery(pushQuery);
  const queries = useQueryClient();
  const [wanted, setWanted] = useState<PushWish>();
  const again = () => queries.invalidateQueries({ queryKey: ["push"] });
  const failed = (error: unknown) => toast((error as Failure).message);
  const change = useMutation({
    // One after the other: the last word counts.
    scope: { id: "push" },
    mutationFn: ({ key, wish }: { key: string; wish: PushWish }) => subscribe(key, wish),
    onError: (error) => failed(allowance() === "refused" ? new Error(m.pushes_refused()) : error),
    onSettled: () => Promise.all([again(), queries.invalidateQueries({ queryKey: ["devices"] })]),
  });
  const off = useMutation({ mutationFn: unsubscribe, onError: failed, onSettled: again });
  const test = useMutation({ mutationFn: testPush, onError: failed, onSuccess: () => toast(m.push_test_sent()) });

  if (allowance() === "no") return <p className="text-soft">{m.pushes_none()}</p>;
  if (query.isPending) return <Loading lines={2} />;
  if (query.data === undefined) {
    // A page that is signed in by other means than as a device.
    if ((query.error as Failure).status === 409) return <p className="text-soft">{m.pushes_device_only()}</p>;
    return <Failed title={m.pushes_failed()} detail={(query.error as Failure).message} onRetry={() => void query.refetch()} />;
  }
  const { key, wish } = query.data;
  const store = (next: PushWish) => {
    const whole = { ...next, locale: locale() };
    // Shown before anything is sent: a switch follows the finger.
    setWanted(whole);
    change.mutate({ key, wish: whole }, { onSettled: () => setWanted(undefined) });
  };
  if (wish == null || allowance() !== "yes")
    return (
      <div className="flex flex-col items-start gap-2">
        <p className="text-soft">{allowance() === "refused" ? m.pushes_refused() : m.pushes_body()}</p>
        <Button
          kind="primary"
          className="max-desk:w-full"
          disabled={change.isPending || allowance() === "refused"}
          onClick={() => store(wish ?? { kinds: ["approval", "needs_human", "failed"], answers: false, locale: locale() })}
        >
          {m.pushes_on()}
        </Button>
      </div>
    );
  return (
    <div className="flex flex-col gap-3">
      <Wish wish={wanted ?? wish} onChange={store} />
      <div className="flex flex-wrap gap-2">
        <Button className="max-desk:flex-1" disabled={test.isPending} onClick={() => test.mutate()}>
          {m.push_test()}
        </Button>
        <Button className="max-desk:flex-1" disabled={off.isPending} onClick={() => off.mutate()}>
          {m.pushes_off()}
        </Button>
      </div>
    </div>
  );
}

function Wish({ wish, onChange }: { wish: PushWish; onChange: (next: PushWish) => void }) {
  const me = useQuery(meQuery);
  const quiet = wish.quiet ?? undefined;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { quiet: _quiet, ...loud } = wish;
  return (
    <fieldset className="flex flex-col rounded-box border border-line bg-panel">
      <legend className="sr-only">{m.pushes()}</legend>
      {KINDS.map((kind) => (
        <Switch
          key={kind}
          label={kindWord(kind)}
          on={wish.kinds.includes(kind)}
          onChange={(on) => onChange({ ...wish, kinds: KINDS.filter((one) => (one === kind ? on : wish.kinds.includes(one))) })}
        />
      ))}
      {may(me.data?.role, "approve") && (
        <Switch
          label={m.push_answers()}
          hint={m.push_answers_hint()}
          on={wish.answers ?? false}
          onChange={(answers) => onChange({ ...wish, answers })}
        />
      )}
      <Switch
        label={m.quiet_hours()}
        hint={m.quiet_hours_hint()}
        on={quiet !== undefined}
        onChange={(on) => onChange(on ? { ...wish, quiet: { ...NIGHT, zone } } : loud)}
      />
      {quiet !== undefined && (
        <div className="flex flex-wrap items-center gap-2 px-3 py-2.5">
          <Hour label={m.quiet_from()} value={quiet.from} onChange={(from) => onChange({ ...wish, quiet: { ...quiet, from, zone } })} />
          <Hour label={m.quiet_to()} value={quiet.to} onChange={(to) => onChange({ ...wish, quiet: { ...quiet, to, zone } })} />
          <span className="text-small text-soft">{quiet.zone}</span>
        </div>
      )}
    </fieldset>
  );
}

type SwitchProps = { label: string; hint?: string; on: boolean; onChange: (on: boolean) => void };

function Switch({ label, hint, on, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="border-b border-line px-3 py-1.5 last:border-0">
      <label htmlFor={id} className="control flex cursor-pointer items-center gap-3">
        <span className="min-w-0 flex-1">{label}</span>
        <input
          id={id}
          type="checkbox"
          checked={on}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onChange={(event) => onChange(event.target.checked)}
          className="size-4 shrink-0 accent-accent pointer-coarse:size-5"
        />
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="pb-1 text-small text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

function Hour({ label, value, onChange }: { label: string; value: string; onChange: (next: string) => void }) {
  const id = useId();
  return (
    <span className="flex items-center gap-2">
      <label htmlFor={id} className="text-small text-soft">
        {label}
      </label>
      <Input
        id={id}
        type="time"
        className="w-auto"
        value={value}
        onChange={(event) => event.target.value !== "" && onChange(event.target.value)}
      />
    </span>
  );
}
