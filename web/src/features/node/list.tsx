import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Pause, Play, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Failure, Node } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { drainNode, nodesQuery, removeNode, resumeNode } from "@/api/node";
import { Join } from "@/features/node/join";
import { ago, bytes, count, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Badge, type State } from "@/ui/mark";
import { Menu, MenuItem } from "@/ui/menu";
import { Command, Empty } from "@/ui/states";
import { toast } from "@/ui/toast";

type Program = Node["programs"][number];

type Props = {
  /** What is at work on a machine, as lines. */
  sessions: (node: Node) => ReactNode;
};

/** The machines. */
export function Nodes({ sessions }: Props) {
  const query = useQuery(nodesQuery);
  const me = useQuery(meQuery);
  const [joining, setJoining] = useState(false);
  const allowed = may(me.data?.role, "configure");
  return (
    <div className="h-full scroll">
      <div className="page max-w-240 gap-3">
        <div className="flex items-center justify-between gap-2">
          <h1 className="text-title font-semibold">{m.nodes()}</h1>
          {allowed && (
            <Button kind="primary" onClick={() => setJoining(true)}>
              <Plus aria-hidden /> {m.join_node()}
            </Button>
          )}
        </div>
        <Shown query={query}>
          {(nodes) =>
            nodes.length === 0 ? (
              <Empty title={m.nodes_none()}>
                <p>{m.nodes_none_body()}</p>
                <Command>fugue up</Command>
              </Empty>
            ) : (
              <div className="grid gap-3 desk:grid-cols-2">
                {nodes.map((node) => (
                  <NodeCard key={node.id} node={node} allowed={allowed} sessions={sessions(node)} />
                ))}
              </div>
            )
          }
        </Shown>
        {joining && <Join onClose={() => setJoining(false)} />}
      </div>
    </div>
  );
}

const STATE: Record<Node["state"], State> = { online: "done", suspect: "lost", lost: "lost", draining: "parked" };

function stateWord(state: Node["state"]): string {
  return { online: m.node_online, suspect: m.node_suspect, lost: m.node_lost, draining: m.node_draining }[state]();
}

function NodeCard({ node, allowed, sessions }: { node: Node; allowed: boolean; sessions: ReactNode }) {
  const now = useNow();
  const [removing, setRemoving] = useState(false);
  const queries = useQueryClient();
  const shared = {
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["nodes"] }),
  };
  const drain = useMutation({ mutationFn: () => drainNode(node.id), ...shared });
  const resume = useMutation({ mutationFn: () => resumeNode(node.id), ...shared });
  const remove = useMutation({ mutationFn: () => removeNode(node.id), ...shared });
  const seen = Date.parse(node.seen_at);
  return (
    <article id={node.id} aria-label={node.name} className="min-w-0 rounded-box border border-line bg-panel p-3">
      <header className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1 truncate font-semibold">{node.name}</h2>
        <Badge state={STATE[node.state]}>{stateWord(node.state)}</Badge>
        {allowed && (
          <Menu
            trigger={
              <Button kind="quiet" size="icon" aria-label={m.node_menu({ name: node.name })}>
                <Ellipsis />
              </Button>
            }
          >
            {node.state === "draining" ? (
              <MenuItem onSelect={() => resume.mutate()}>
                <Play /> {m.resume_node()}
              </MenuItem>
            ) : (
              <MenuItem onSelect={() => drain.mutate()}>
                <Pause /> {m.drain_node()}
              </MenuItem>
            )}
            <MenuItem danger onSelect={() => setRemoving(true)}>
              <Trash2 /> {m.remove_node()}
            </MenuItem>
          </Menu>
        )}
      </header>
      <p className="text-small text-soft" title={moment(seen)}>
        {m.last_sign({ ago: ago(seen, now) })}
        {node.platform !== "" && ` · ${node.platform}`}
        {node.version !== "" && ` · ${node.version}`}
      </p>
      <Slots busy={node.busy} slots={node.slots} />
      {sessions}
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-small [&_dt]:text-soft">
        <dt>{m.load()}</dt>
        <dd>{count(Math.round(node.load.load1 * 100) / 100)}</dd>
        <dt>{m.memory_free()}</dt>
        <dd>{bytes(node.load.memory_free)}</dd>
        <dt>{m.disk_free()}</dt>
        <dd>{bytes(node.load.disk_free)}</dd>
        <dt>{m.ownership()}</dt>
        <dd>{{ cgroup: m.ownership_cgroup, subreaper: m.ownership_subreaper, sweep: m.ownership_sweep }[node.ownership]()}</dd>
      </dl>
      <h3 className="mt-2 text-small font-semibold text-soft">{m.programs()}</h3>
      <ul className="text-small">
        {node.programs.map((program) => (
          <ProgramLine key={program.driver} program={program} />
        ))}
      </ul>
      {removing && (
        <Dialog open onClose={() => setRemoving(false)} title={m.remove_node()}>
          <p>{m.remove_node_consequence({ name: node.name })}</p>
          <div className="mt-4 flex justify-end gap-2">
            <Button onClick={() => setRemoving(false)}>{m.cancel()}</Button>
            <Button
              kind="danger"
              onClick={() => {
                remove.mutate();
                setRemoving(false);
              }}
            >
              {m.remove_node_verb({ name: node.name })}
            </Button>
          </div>
        </Dialog>
      )}
    </article>
  );
}

/** How many agents work here, and how many may. */
function Slots({ busy, slots }: { busy: number; slots: number }) {
  return (
    <div className="mt-2">
      <p className="text-small">{m.slots({ busy, slots })}</p>
      <div className="mt-1 flex gap-0.5" aria-hidden>
        {Array.from({ length: Math.min(slots, 64) }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: slots have no identity
          <span key={at} className={at < busy ? "h-2 flex-1 rounded-mark bg-working" : "h-2 flex-1 rounded-mark bg-raised"} />
        ))}
      </div>
    </div>
  );
}

/** An agent program of a machine. One that is not there is no fault: nobody needs all of them. */
function ProgramLine({ program }: { program: Program }) {
  const { trouble, problem } = program;
  const tone = problem == null || trouble?.is === "missing" ? "text-soft" : trouble?.is === "no_login" ? "text-needs" : "text-failed";
  return (
    <li className="flex gap-2">
      <span className="w-20 shrink-0">{program.driver}</span>
      <span className={`min-w-0 flex-1 [overflow-wrap:anywhere] ${tone}`}>
        {trouble == null ? (problem ?? program.version ?? m.program_there()) : said(program.version, troubleWord(trouble))}
      </span>
      {program.logged_in === false && trouble?.is !== "no_login" && <span className="shrink-0 text-needs">{m.not_logged_in()}</span>}
    </li>
  );
}

function said(version: string | null | undefined, trouble: string): string {
  return version == null ? trouble : `${version} · ${trouble}`;
}

function troubleWord(trouble: NonNullable<Program["trouble"]>): string {
  switch (trouble.is) {
    case "missing":
      return m.program_missing(trouble);
    case "misplaced":
      return m.program_misplaced(trouble);
    case "broken":
      return m.program_broken(trouble);
    case "no_login":
      return m.program_no_login(trouble);
  }
}
