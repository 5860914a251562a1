import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { nodesQuery } from "@/api/node";
import { ago } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";

/** Machines that are not heard of. Nobody has to decide anything, so they count nowhere; but nothing moves there. */
export function SilentNodes() {
  const now = useNow();
  const silent = useQuery(nodesQuery).data?.filter((node) => node.state === "lost" || node.state === "suspect") ?? [];
  return silent.map((node) => (
    <Link
      key={node.id}
      to="/nodes"
      hash={node.id}
      className="flex items-start gap-2.5 rounded-box border border-lost bg-panel px-3 py-2.5 hover:bg-raised"
    >
      <Mark state="lost" className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="block font-semibold">{m.node_silent({ name: node.name })}</span>
        <span className="block text-small text-soft">{m.node_silent_since({ ago: ago(Date.parse(node.seen_at), now) })}</span>
      </span>
    </Link>
  ));
}
