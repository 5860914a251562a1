import type { ReactNode } from "react";
import { m } from "@/text/gen/messages.js";
import { type Asked, Shown } from "@/ui/asked";
import { Command, Empty, Forbidden } from "@/ui/states";

type Props<P> = { title: string; body?: string; allowed: boolean; projects: Asked<P[]>; children: (projects: P[]) => ReactNode };

/** The page on which something new begins in a project. Who may not is told so, and who has no project is told how to get one. */
export function Begin<P>({ title, body, allowed, projects, children }: Props<P>) {
  if (!allowed) return <Forbidden />;
  return (
    <div className="h-full scroll">
      <div className="page max-w-160">
        <h1 className={body === undefined ? "mb-4 text-title font-semibold" : "mb-1 text-title font-semibold"}>{title}</h1>
        {body !== undefined && <p className="mb-4 text-soft">{body}</p>}
        <Shown query={projects}>
          {(known) =>
            known.length === 0 ? (
              <Empty title={m.projects_none()}>
                <p>{m.projects_none_body()}</p>
                <Command>fugue project add PATH</Command>
              </Empty>
            ) : (
              children(known)
            )
          }
        </Shown>
      </div>
    </div>
  );
}
