import type { ReactNode } from "react";

/** A part of what stands around a session, with a number, or what stands for one, beside its heading. */
export function Part({ title, count, children }: { title: string; count?: ReactNode; children: ReactNode }) {
  return (
    <section>
      <h2 className="mb-1.5 flex justify-between gap-2 text-small font-semibold text-soft">
        <span>{title}</span>
        {count ? <span>{count}</span> : null}
      </h2>
      {children}
    </section>
  );
}
