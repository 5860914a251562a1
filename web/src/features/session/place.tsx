import { useQuery } from "@tanstack/react-query";
import { recentQuery } from "@/api/session";
import { SessionLine } from "@/features/session/line";
import { m } from "@/text/gen/messages.js";

/** Lines of one machine that are shown before the list of sessions says the rest. */
const SHOWN = 8;

/** What is at work on a machine, or waits there. */
export function SessionsOf({ node }: { node: string }) {
  const all = useQuery(recentQuery).data ?? [];
  const here = all.filter((one) => one.place.node === node && one.state !== "idle" && one.state !== "closed");
  if (here.length === 0) return null;
  return (
    <section className="mt-2">
      <h3 className="mb-1 text-small font-semibold text-soft">{m.sessions_here()}</h3>
      <ul className="overflow-hidden rounded-box border border-line [&>li:last-child>a]:border-0">
        {here.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <SessionLine session={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}
