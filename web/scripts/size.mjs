// The first load's script may have at most 200 kB after gzip: the entry and everything that it imports at once.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 200_000;
const dist = process.argv[2] ?? "dist";
const html = readFileSync(join(dist, "index.html"), "utf8");
const size = (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;
const first = new Set([...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map((found) => found[1]));
for (const name of first) {
  const text = readFileSync(join(dist, name), "utf8");
  for (const found of text.matchAll(/(?:^|[;}\s])(?:import|export)[^;'"()]*?["']\.\/([^"']+\.js)["']/g)) first.add(`assets/${found[1]}`);
}
let total = 0;
for (const name of readdirSync(join(dist, "assets"))
  .filter((name) => /\.(js|css)$/.test(name))
  .sort()) {
  const bytes = size(`assets/${name}`);
  const now = first.has(`assets/${name}`);
  if (now) total += bytes;
  console.log(`${now ? "first" : "later"}  ${String(bytes).padStart(7)}  ${name}`);
}
console.log(`first load: ${total} bytes of script after gzip, at most ${LIMIT}`);
if (first.size === 0 || total === 0) throw new Error("no script found: the check would prove nothing");
if (total > LIMIT) process.exit(1);
