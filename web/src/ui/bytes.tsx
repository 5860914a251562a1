import { useMemo } from "react";
import { cn } from "@/ui/class";
import { spell } from "@/ui/spell";

/** Exact bytes: monospace, nothing hidden, and what is odd is named. */
export function Bytes({ text, className }: { text: string; className?: string }) {
  const parts = useMemo(() => {
    let at = 0;
    return spell(text).map((part) => {
      at += 1;
      return { ...part, at };
    });
  }, [text]);
  return (
    <code className={cn("block whitespace-pre-wrap [overflow-wrap:anywhere]", className)}>
      {parts.map((part) =>
        part.kind === "plain" ? (
          <span key={part.at}>{part.text}</span>
        ) : (
          <mark
            key={part.at}
            title={part.name}
            className="mx-px rounded-mark bg-failed-tint px-0.5 text-[0.85em] font-semibold text-failed"
          >
            {part.code}
            <span className="font-normal"> {part.name}</span>
          </mark>
        ),
      )}
    </code>
  );
}
