// The shell: the cockpit's own files, kept on the device so that it opens without a network. Nothing that the hub answers to a person is ever
// among them: what may be kept is a list that the build made, and no request adds to it.

/** What the caches of all versions begin with. */
export const KEPT = "fugue-shell-";

/** Paths that are the hub's, never a page of the cockpit (crates/hub/src/http/cockpit.rs, NOT_OURS, and the routes outside the API). */
const NOT_OURS = ["/api/", "/problems", "/mcp", "/hooks/", "/healthz", "/readyz", "/metrics"];

export type Wanted = { method: string; mode: string; url: string };

/** Under which name the answer to a request lies in the cache; undefined when it is none of the worker's business. */
export function nameOf({ method, mode, url }: Wanted, origin: string, files: readonly string[]): string | undefined {
  const { origin: asked, pathname } = new URL(url);
  if (method !== "GET" || asked !== origin) return undefined;
  if (mode === "navigate") return NOT_OURS.some((begin) => pathname.startsWith(begin)) ? undefined : "/";
  return pathname !== "/" && files.includes(pathname) ? pathname : undefined;
}
