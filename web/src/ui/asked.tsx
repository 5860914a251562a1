import type { ReactNode } from "react";
import { Failed, Forbidden, Loading, Offline } from "@/ui/states";

/** What a query has, as this page sees it; `ui` knows no query library. */
export type Asked<T> = { data: T | undefined; error: unknown; refetch: () => unknown };
type Wrong = { status: number; problem: { title: string; detail: string; hint?: string | null } | undefined };

/** A query's five forms in one place: data wins, because old data is better than none; then what went wrong; then that it comes. */
export function Shown<T>({ query, lines, children }: { query: Asked<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error == null) return <Loading {...(lines !== undefined && { lines })} />;
  const { status, problem } = query.error as Wrong;
  const retry = () => void query.refetch();
  if (problem === undefined) return <Offline onRetry={retry} />;
  if (status === 403) return <Forbidden detail={problem.detail} />;
  return <Failed title={problem.title} detail={problem.detail} hint={problem.hint} onRetry={retry} />;
}
