// Puts the native packages of other platforms back into package-lock.json. A registry mirror without them makes npm drop them in
// silence, and then `npm ci` fails on a Mac. `--check` only says whether any is missing.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const beside = `${path}/node_modules/${name}`;
    if (path === "" || lock.packages[beside] !== undefined || lock.packages[`node_modules/${name}`] !== undefined) continue;
    lock.packages[`node_modules/${name}`] = { version, ...platform(name), dev: parent.dev === true ? true : undefined, optional: true };
    added.push(name);
  }
}

/** What the name says about where it runs: `…-darwin-arm64`, `…-linux-x64-musl`, `…-win32-x64-msvc`. */
function platform(name) {
  const words = name.split(/[-/]/);
  const one = (list) => list.filter((word) => words.includes(word));
  const os = one(["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]);
  const cpu = one(["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "ppc64le", "riscv64", "s390x", "x64", "wasm32"]);
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") && os[0] === "linux" ? ["glibc"] : [];
  return { ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }), ...(os.length > 0 && { os }) };
}

if (process.argv.includes("--check")) {
  if (added.length > 0) {
    console.error(`package-lock.json lacks ${added.join(", ")}: run \`npm run lock\``);
    process.exit(1);
  }
} else {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? "complete" : `added ${added.join(", ")}`);
}
