import { describe, expect, it } from "vitest";
import { pairs, patch, skipped } from "@/ui/patch";

const TEXT = `diff --git a/src/bill.awk b/src/bill.awk
index 1..2 100644
--- a/src/bill.awk
+++ b/src/bill.awk
@@ -1,3 +1,4 @@ BEGIN
 one
-two
+2
+2b
 three
@@ -20,2 +21,2 @@
--- a/not a header
+diff --git a/x b/x
 same
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-last
diff --git a/old name.txt b/new name.txt
similarity index 100%
rename from old name.txt
rename to new name.txt
diff --git "a/caf\\303\\251.txt" "b/caf\\303\\251.txt"
new file mode 100644
--- /dev/null
+++ "b/caf\\303\\251.txt"
@@ -0,0 +1,2 @@
+a

diff --git a/logo with space.png b/logo with space.png
index 1..2 100644
Binary files a/logo with space.png and b/logo with space.png differ
`;

describe("a change as git writes it", () => {
  const files = patch(TEXT);

  it("has its files with what became of them", () => {
    expect(files.map(({ path, from, kind, binary, added, deleted }) => [path, from, kind, binary, added, deleted])).toEqual([
      ["src/bill.awk", undefined, "changed", false, 3, 2],
      ["gone.txt", undefined, "deleted", false, 0, 1],
      ["new name.txt", "old name.txt", "moved", false, 0, 0],
      ["café.txt", undefined, "added", false, 1, 0],
      ["logo with space.png", undefined, "changed", true, 0, 0],
    ]);
  });

  it("numbers its lines in both versions, and takes no line for a header", () => {
    expect(files[0]?.hunks[0]?.rows.map(({ kind, text, old, fresh }) => [kind, text, old, fresh])).toEqual([
      ["same", "one", 1, 1],
      ["deleted", "two", 2, undefined],
      ["added", "2", undefined, 2],
      ["added", "2b", undefined, 3],
      ["same", "three", 3, 4],
    ]);
    expect(files[0]?.hunks[1]?.rows.map((row) => row.text)).toEqual(["-- a/not a header", "diff --git a/x b/x", "same"]);
    expect(files[0]?.hunks[0]?.head).toBe("BEGIN");
  });

  it("knows how many lines it leaves out", () => {
    const file = files[0];
    if (file === undefined) throw new Error("no file");
    expect([skipped(file, 0), skipped(file, 1), skipped(file, 2)]).toEqual([0, 16, 0]);
  });

  it("puts what went beside what came", () => {
    const rows = files[0]?.hunks[0]?.rows ?? [];
    expect(pairs(rows).map(({ left, right }) => [left?.text, right?.text])).toEqual([
      ["one", "one"],
      ["two", "2"],
      [undefined, "2b"],
      ["three", "three"],
    ]);
  });

  it("makes nothing of what is no change", () => {
    expect(patch("")).toEqual([]);
    expect(patch("hello\n@@ -1 +1 @@\n-a\n+b")).toEqual([]);
  });
});
