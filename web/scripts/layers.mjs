// routes -> features -> ui, api, text. Features do not import each other, and nothing imports upwards. The worker is a program of its own.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MAY = {
  routes: ["features", "ui", "api", "text", "routes"],
  features: ["ui", "api", "text"],
  api: ["api", "text"],
  ui: ["ui", "text"],
  text: ["text"],
  worker: ["worker", "text"],
};
const findings = [];
for (const entry of readdirSync("src", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name).replaceAll("\\", "/");
  const [, layer, noun] = path.split("/");
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n").length;
  if (lines > 300 && !/text\/gen\/|\.gen\./.test(path)) findings.push(`${path}: ${lines} lines, at most 300`);
  if (!(layer in MAY)) continue;
  for (const [, target] of text.matchAll(/from "@\/([^"]+)"/g)) {
    const [to, toNoun] = target.split("/");
    const own = to === "features" && layer === "features" && toNoun === noun;
    if (!own && !MAY[layer].includes(to)) findings.push(`${path}: ${layer} must not import ${target}`);
  }
  if (/from "\.\.\//.test(text)) findings.push(`${path}: import by "@/…" instead of "../"`);
}
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
