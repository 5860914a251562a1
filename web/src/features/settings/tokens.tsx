import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Failure, Role, Token } from "@/api/client";
import { freshKey } from "@/api/client";
import { meQuery } from "@/api/me";
import { makeToken, type NewToken, revokeToken, tokensQuery } from "@/api/token";
import { date } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { toast } from "@/ui/toast";

const DAY_MS = 86_400_000;
const ROLES: readonly Role[] = ["viewer", "operator", "approver", "admin", "owner"];
/** Days that a token may be good for; 0: until it is revoked. */
const LIVES = [30, 90, 365, 0] as const;

/** Credentials of programs and people. The secret is shown once, when it is made. */
export function Tokens() {
  const query = useQuery(tokensQuery);
  const me = useQuery(meQuery);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  return (
    <Shown query={query} lines={2}>
      {(tokens) => (
        <div className="flex flex-col gap-2">
          <p className="text-small text-soft">{m.tokens_what()}</p>
          <ul className="rounded-box border border-line bg-panel">
            {tokens.map((token) => (
              <li key={token.id} className="flex items-center gap-3 border-b border-line px-3 py-1.5 last:border-0">
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-semibold">{token.name}</span>
                  {token.id === me.data?.token && <span className="block text-small text-accent">{m.token_current()}</span>}
                  <span className="block text-small text-soft">
                    {m.paired_at({ role: token.role, time: date(Date.parse(token.created_at)) })}
                    {" · "}
                    {token.expires_at == null ? m.token_lasting() : m.expires_at({ time: date(Date.parse(token.expires_at)) })}
                  </span>
                </span>
                <Button onClick={() => setRevoking(token)} aria-label={m.token_revoke_named({ name: token.name })}>
                  {m.token_revoke()}
                </Button>
              </li>
            ))}
          </ul>
          <Button className="self-start" onClick={() => setMaking(true)}>
            <Plus aria-hidden /> {m.token_make()}
          </Button>
          {making && <Make most={me.data?.role ?? "viewer"} onClose={() => setMaking(false)} />}
          {revoking !== undefined && (
            <Revoke token={revoking} current={revoking.id === me.data?.token} onClose={() => setRevoking(undefined)} />
          )}
        </div>
      )}
    </Shown>
  );
}

function Make({ most, onClose }: { most: Role; onClose: () => void }) {
  const queries = useQueryClient();
  const [key] = useState(freshKey);
  const make = useMutation({
    mutationFn: (body: NewToken) => makeToken(body, key),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = Number(form.get("days"));
    const expires = days > 0 ? { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() } : {};
    make.mutate({ name: String(form.get("name")).trim(), role: String(form.get("role")) as Role, ...expires });
  };
  const failure = make.error as Failure | null;
  if (make.data !== undefined) return <Made token={make.data} onClose={onClose} />;
  return (
    <Dialog open onClose={onClose} title={m.token_make()}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label={m.token_name()} hint={m.token_name_hint()}>
          {(id) => <Input id={id} name="name" required maxLength={200} autoComplete="off" />}
        </Field>
        <Field label={m.role()} hint={m.token_role_hint()}>
          {(id) => (
            <Select id={id} name="role" defaultValue="operator">
              {ROLES.slice(0, ROLES.indexOf(most) + 1).map((role) => (
                <option key={role}>{role}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={m.token_life()}>
          {(id) => (
            <Select id={id} name="days" defaultValue="90">
              {LIVES.map((days) => (
                <option key={days} value={days}>
                  {days === 0 ? m.token_lasting() : m.days({ n: days })}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {failure !== null && (
          <p role="alert" className="text-failed">
            {failure.message} {failure.problem?.hint}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind="primary" type="submit" disabled={make.isPending}>
            {m.token_make()}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The secret, this once. It is in no list, no cache and no address. */
function Made({ token, onClose }: { token: Token; onClose: () => void }) {
  const secret = token.token ?? "";
  const copy = () =>
    navigator.clipboard
      .writeText(secret)
      .then(() => toast(m.copied()))
      .catch(() => toast(m.copy_failed()));
  return (
    <Dialog open onClose={onClose} title={m.token_made({ name: token.name })}>
      <p className="mb-3">{m.token_once()}</p>
      <code className="mb-4 block rounded-box border border-line bg-sunken p-3 [overflow-wrap:anywhere] select-all">{secret}</code>
      <div className="flex justify-end gap-2">
        <Button onClick={() => void copy()}>{m.token_copy()}</Button>
        <Button kind="primary" onClick={onClose}>
          {m.token_kept()}
        </Button>
      </div>
    </Dialog>
  );
}

function Revoke({ token, current, onClose }: { token: Token; current: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.id),
    onError: (error) => toast((error as Failure).message),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      void queries.invalidateQueries({ queryKey: ["devices"] });
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title={m.token_revoke()}>
      <p>{current ? m.token_revoke_current({ name: token.name }) : m.token_revoke_consequence({ name: token.name })}</p>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{m.cancel()}</Button>
        <Button kind="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
          {m.token_revoke_named({ name: token.name })}
        </Button>
      </div>
    </Dialog>
  );
}
