// A change as `git diff` writes it, in files, hunks and numbered lines. Whatever it cannot read it keeps as it is: the text is a stranger's.

export type Row = { kind: "same" | "added" | "deleted"; text: string; old: number | undefined; fresh: number | undefined };
export type Hunk = { head: string; rows: Row[]; old: number; fresh: number };
export type PatchFile = {
  path: string;
  /** Its former path, if it was moved. */
  from: string | undefined;
  kind: "changed" | "added" | "deleted" | "moved";
  binary: boolean;
  added: number;
  deleted: number;
  hunks: Hunk[];
};

export function patch(text: string): PatchFile[] {
  const files: PatchFile[] = [];
  let [file, hunk]: [PatchFile | undefined, Hunk | undefined] = [undefined, undefined];
  let [old, fresh, oldLeft, freshLeft] = [0, 0, 0, 0];
  for (const line of text.split("\n")) {
    // Inside of a hunk its head says how many lines follow: nothing in them can be taken for a header.
    if (file !== undefined && hunk !== undefined && (oldLeft > 0 || freshLeft > 0)) {
      const [mark, body] = [line[0], line.slice(1)];
      if (mark === "+") {
        hunk.rows.push({ kind: "added", text: body, old: undefined, fresh });
        [file.added, fresh, freshLeft] = [file.added + 1, fresh + 1, freshLeft - 1];
      } else if (mark === "-") {
        hunk.rows.push({ kind: "deleted", text: body, old, fresh: undefined });
        [file.deleted, old, oldLeft] = [file.deleted + 1, old + 1, oldLeft - 1];
      } else if (mark === " " || mark === undefined) {
        hunk.rows.push({ kind: "same", text: body, old, fresh });
        [old, fresh, oldLeft, freshLeft] = [old + 1, fresh + 1, oldLeft - 1, freshLeft - 1];
      }
      continue;
    }
    if (line.startsWith("diff --git ")) {
      file = { path: named(line), from: undefined, kind: "changed", binary: false, added: 0, deleted: 0, hunks: [] };
      hunk = undefined;
      files.push(file);
      continue;
    }
    if (file === undefined) continue;
    const found = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(line);
    if (found !== null) {
      [old, fresh] = [Number(found[1]), Number(found[3])];
      [oldLeft, freshLeft] = [Number(found[2] ?? 1), Number(found[4] ?? 1)];
      hunk = { head: found[5] ?? "", rows: [], old, fresh };
      file.hunks.push(hunk);
    } else header(file, line);
  }
  return files;
}

function header(file: PatchFile, line: string): void {
  const value = (name: string) => (line.startsWith(name) ? unquoted(line.slice(name.length)) : undefined);
  if (line.startsWith("new file")) file.kind = "added";
  else if (line.startsWith("deleted file")) file.kind = "deleted";
  else if (line.startsWith("Binary files ") || line.startsWith("GIT binary patch")) file.binary = true;
  const from = value("rename from ");
  if (from !== undefined) [file.from, file.kind] = [from, "moved"];
  const to = value("rename to ");
  if (to !== undefined) file.path = to;
  // The path that counts is the one after the change, or the only one there is.
  const after = value("+++ ");
  if (after !== undefined && after !== "/dev/null") file.path = after.replace(/^b\//, "");
  const before = value("--- ");
  if (before !== undefined && before !== "/dev/null" && file.kind === "deleted") file.path = before.replace(/^a\//, "");
}

/** The path in `diff --git a/X b/X`, for files without any other header. */
function named(line: string): string {
  const rest = line.slice("diff --git ".length);
  const quoted = /"b\/((?:[^"\\]|\\.)*)"$/.exec(rest);
  if (quoted !== null) return unquoted(`"${quoted[1]}"`);
  // Both halves are the same path, so the middle is known even when the path has spaces.
  const half = (rest.length - 1) / 2;
  const [one, other] = [rest.slice(0, half), rest.slice(half + 1)];
  return one.slice(2) === other.slice(2) ? other.slice(2) : rest.replace(/^.* b\//, "");
}

const ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, '"': 34, "\\": 92, a: 7, b: 8, f: 12, v: 11 };

/** A path as git quotes it: `"caf\303\251"`. */
function unquoted(text: string): string {
  const path = text.replace(/\t$/, "");
  if (!path.startsWith('"') || !path.endsWith('"')) return path;
  const bytes: number[] = [];
  const inner = path.slice(1, -1);
  for (let at = 0; at < inner.length; at += 1) {
    const octal = /^\\([0-3][0-7]{2})/.exec(inner.slice(at, at + 4));
    const named = inner[at] === "\\" ? ESCAPES[inner[at + 1] ?? ""] : undefined;
    if (octal !== null) {
      bytes.push(Number.parseInt(octal[1] ?? "0", 8));
      at += 3;
    } else if (named !== undefined) {
      bytes.push(named);
      at += 1;
    } else bytes.push(...new TextEncoder().encode(inner[at]));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** What stands beside what when both versions are shown: lines that went, beside those that came in their place. */
export type Pair = { left: Row | undefined; right: Row | undefined };

export function pairs(rows: readonly Row[]): Pair[] {
  const result: Pair[] = [];
  let [gone, came]: [Row[], Row[]] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, came.length); at += 1) result.push({ left: gone[at], right: came[at] });
    [gone, came] = [[], []];
  };
  for (const row of rows) {
    if (row.kind === "deleted") {
      // Lines that go after others came belong to the next change.
      if (came.length > 0) flush();
      gone.push(row);
    } else if (row.kind === "added") came.push(row);
    else {
      flush();
      result.push({ left: row, right: row });
    }
  }
  flush();
  return result;
}

/** Unchanged lines between the hunk before and this one, which the text does not have. */
export function skipped(file: PatchFile, at: number): number {
  const [before, hunk] = [file.hunks[at - 1], file.hunks[at]];
  if (hunk === undefined) return 0;
  if (before === undefined) return Math.max(0, hunk.fresh - 1);
  const last = before.rows.findLast((row) => row.fresh !== undefined)?.fresh ?? before.fresh - 1;
  return Math.max(0, hunk.fresh - last - 1);
}
