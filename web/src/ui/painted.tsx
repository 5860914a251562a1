import { KINDS, type Run } from "@/ui/syntax";

/** A line of code with its colours. Its letters are those of the text, whatever the runs say. */
export function Painted({ text, runs }: { text: string; runs: readonly Run[] | undefined }) {
  if (runs === undefined) return text;
  let at = 0;
  const pieces = runs.map(([letters, kind], index) => {
    const piece = text.slice(at, at + letters);
    at += letters;
    const look = KINDS[kind] ?? "";
    if (look === "") return piece;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move
      <span key={index} className={look}>
        {piece}
      </span>
    );
  });
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}
