// A Vite plugin: when the cockpit is built, builds its service worker, which is told the name of every file and one version for all of them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ENTRY = fileURLToPath(new URL("../src/worker/worker.ts", import.meta.url));
const ALIAS = { "@": fileURLToPath(new URL("../src", import.meta.url)) };
/** Its own name; a worker is replaced under the name that it was registered with. */
const OWN = "sw.js";
/** Fetched when code is shown, and not needed to open: without it code has no colours. */
const BESIDE = "assets/syntax/";

/** The built files by the paths they are asked for, and a version that changes with any byte of them. */
function shell(dist) {
  const hash = createHash("sha256");
  const files = [];
  const names = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== OWN && !entry.name.endsWith(".gz"))
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((name) => !name.startsWith(BESIDE))
    .sort();
  for (const name of names) {
    hash.update(name).update(readFileSync(join(dist, name)));
    files.push(name === "index.html" ? "/" : `/${name}`);
  }
  return { version: hash.digest("hex").slice(0, 16), files };
}

export function worker() {
  let config;
  return {
    name: "worker",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      await build({
        configFile: false,
        root: config.root,
        logLevel: "warn",
        publicDir: false,
        resolve: { alias: ALIAS },
        define: { SHELL: JSON.stringify(shell(resolve(config.root, config.build.outDir))) },
        build: {
          outDir: config.build.outDir,
          emptyOutDir: false,
          target: config.build.target,
          sourcemap: false,
          modulePreload: false,
          rolldownOptions: { input: ENTRY, output: { format: "iife", entryFileNames: OWN } },
        },
      });
    },
  };
}
