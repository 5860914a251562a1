// Line by line: what a change takes away and what it adds.

export type Line = { kind: "same" | "added" | "deleted"; text: string };

/** Above this product of line counts the two texts are shown one after the other: computing would hold the screen up. */
const CELLS_MAX = 1_000_000;

export function difference(before: string, after: string): Line[] {
  const [old, fresh] = [lines(before), lines(after)];
  let [head, tail] = [0, 0];
  while (head < Math.min(old.length, fresh.length) && old[head] === fresh[head]) head += 1;
  while (tail < Math.min(old.length, fresh.length) - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail += 1;
  const same = (texts: string[]): Line[] => texts.map((text) => ({ kind: "same", text }));
  return [
    ...same(old.slice(0, head)),
    ...middle(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)),
    ...same(old.slice(old.length - tail)),
  ];
}

/** The longest common part, by the table of its lengths. */
function middle(old: string[], fresh: string[]): Line[] {
  const [rows, columns] = [old.length, fresh.length];
  if (rows * columns > CELLS_MAX || rows === 0 || columns === 0) {
    return [...old.map((text): Line => ({ kind: "deleted", text })), ...fresh.map((text): Line => ({ kind: "added", text }))];
  }
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const result: Line[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (row < rows && column < columns && old[row] === fresh[column]) {
      result.push({ kind: "same", text: old[row] ?? "" });
      row += 1;
      column += 1;
    } else if (column >= columns || (row < rows && at(row + 1, column) >= at(row, column + 1))) {
      result.push({ kind: "deleted", text: old[row] ?? "" });
      row += 1;
    } else {
      result.push({ kind: "added", text: fresh[column] ?? "" });
      column += 1;
    }
  }
  return result;
}

function lines(text: string): string[] {
  if (text === "") return [];
  return text.replace(/\n$/, "").split("\n");
}

/** The lines of a unified diff, as some programs print it. */
export function unified(text: string): Line[] {
  return lines(text)
    .filter((line) => !/^(---|\+\+\+|diff |index |@@)/.test(line))
    .map((line) => ({ kind: line.startsWith("+") ? "added" : line.startsWith("-") ? "deleted" : "same", text: line.slice(1) }));
}

export function tally(change: readonly Line[]): { added: number; deleted: number } {
  return { added: change.filter((line) => line.kind === "added").length, deleted: change.filter((line) => line.kind === "deleted").length };
}

export type Chunk = { kind: "lines"; lines: Line[]; at: number } | { kind: "folded"; lines: Line[]; at: number };

/** Unchanged lines far from any change, folded. */
export function chunks(change: readonly Line[], around = 3): Chunk[] {
  const near = change.map((_, at) => change.slice(Math.max(0, at - around), at + around + 1).some((line) => line.kind !== "same"));
  const result: Chunk[] = [];
  change.forEach((line, at) => {
    const kind = near[at] === true ? "lines" : "folded";
    const last = result.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else result.push({ kind, lines: [line], at });
  });
  return result;
}
