import type { ReactNode } from "react";

/** A part of a page, under its heading. */
export function Part({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <section>
      <h2 className="mb-1.5 flex items-baseline justify-between gap-2 text-small font-semibold text-soft">
        <span>{title}</span>
        {beside}
      </h2>
      {children}
    </section>
  );
}
