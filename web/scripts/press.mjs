// Writes NAME.gz beside each file of a built cockpit that becomes shorter by it, so that the hub compresses nothing while it serves.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = process.argv[2] ?? "dist";
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || path.endsWith(".gz")) continue;
  const plain = readFileSync(path);
  const pressed = gzipSync(plain, { level: 9 });
  if (pressed.length < plain.length * 0.9) writeFileSync(`${path}.gz`, pressed);
}
