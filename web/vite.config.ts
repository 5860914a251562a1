import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { worker } from "./scripts/worker.mjs";

/**
 * `npm run dev` speaks to a hub that runs already: FUGUE_URL and FUGUE_TOKEN_FILE say which. The token stays in this process; the page
 * behaves as if it had a device session.
 */
function hub() {
  const target = process.env.FUGUE_URL ?? "http://127.0.0.1:4747";
  const file = process.env.FUGUE_TOKEN_FILE;
  const headers: Record<string, string> = { origin: target };
  if (file !== undefined) headers.authorization = `Bearer ${readFileSync(file, "utf8").trim()}`;
  return { target, changeOrigin: true, ws: true, headers };
}

export default defineConfig({
  plugins: [react(), tailwind(), worker()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      // What it brings for browsers decodes `&lt;` through innerHTML, which our policy forbids; this one has a table.
      "decode-named-character-reference": fileURLToPath(
        new URL("./node_modules/decode-named-character-reference/index.js", import.meta.url),
      ),
    },
  },
  // Grammars are many files, and none of them belongs to the shell that opens offline.
  worker: {
    format: "es",
    rolldownOptions: {
      output: { entryFileNames: "assets/syntax/[name]-[hash].js", chunkFileNames: "assets/syntax/[name]-[hash].js" },
    },
  },
  server: { proxy: { "/api": hub() } },
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What every first screen needs is one file and one request; split by who shares what, it came in thirty, one behind the other.
    chunkSizeWarningLimit: 700,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shell", tags: ["$initial"] }] } } },
  },
});
