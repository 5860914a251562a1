import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";

/** Commands that run one after the other: how many there are, have ended and have failed, and the one that runs. */
type Counted = { total: number; ended: number; failed: number; command: string };

/** Pieces that are told apart at a glance; of more, each stands for a share. */
const PIECES_MAX = 12;

/** How far commands have come that run one after the other: a piece for each, and in words. */
export function Progress({ progress }: { progress: Counted }) {
  const { total, ended, failed, command } = progress;
  if (total < 1) return null;
  const running = m.progress_running({ n: Math.min(ended + 1, total), total, command });
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 text-small text-soft">
      <span aria-hidden className="flex h-2 w-16 shrink-0 gap-px overflow-hidden rounded-mark">
        {pieces(progress).map((piece, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
          <span key={at} className={cn("min-w-0 flex-1", piece)} />
        ))}
      </span>
      <span className="min-w-0 max-w-full truncate">{running}</span>
      {failed > 0 && <span className="shrink-0 font-semibold text-failed">{m.progress_failed({ n: failed })}</span>}
    </span>
  );
}

/** The colour of each piece: what failed first, because it is what people look for. */
function pieces({ total, ended, failed }: Counted): string[] {
  const size = Math.min(total, PIECES_MAX);
  const share = (count: number) => Math.ceil((count * size) / total);
  return Array.from({ length: size }, (_, at) => {
    if (at < share(failed)) return "bg-failed";
    if (at < share(ended)) return "bg-done";
    return at === share(ended) ? "alive bg-working" : "bg-edge/50";
  });
}
