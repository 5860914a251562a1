import { CloudOff, Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";

type FormProps = { icon?: ReactNode; title: string; children?: ReactNode; live?: boolean; whole?: boolean };

function Form({ icon, title, children, live = false, whole = false }: FormProps) {
  const Heading = whole ? "h1" : "h2";
  return (
    <div
      {...(live ? { role: "alert" } : {})}
      className="mx-(--aside,auto) flex max-w-110 flex-col items-start gap-2 px-(--inset,1rem) py-10 text-soft [&_svg]:size-5"
    >
      {icon}
      <Heading className="text-title font-semibold text-ink">{title}</Heading>
      {children}
    </div>
  );
}

/** Grey lines in the place of what comes, after 150 ms. */
export function Loading({ lines = 5, className }: { lines?: number; className?: string }) {
  return (
    <div role="status" aria-label={m.loading()} className={cn("flex flex-col gap-3 px-(--inset,1rem) py-4", className)}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: grey lines have no identity
        <div key={line} className={cn("skeleton h-5", line % 3 === 2 ? "w-3/5" : line % 2 === 1 ? "w-4/5" : "w-full")} />
      ))}
    </div>
  );
}

/** Nothing there: says what to do first. `whole`: it is the whole page. */
export function Empty({ title, whole = false, children }: { title: string; whole?: boolean; children?: ReactNode }) {
  return (
    <Form title={title} whole={whole}>
      {children}
    </Form>
  );
}

/** A command to be copied. */
export function Command({ children }: { children: string }) {
  return <code className="block w-full scroll rounded-box border border-line bg-sunken px-3 py-2 text-ink select-all">{children}</code>;
}

export function Failed({
  title,
  detail,
  hint,
  onRetry,
}: {
  title: string;
  detail?: string | undefined;
  hint?: string | null | undefined;
  onRetry?: () => void;
}) {
  return (
    <Form icon={<TriangleAlert className="text-failed" aria-hidden />} title={title} live>
      {detail !== undefined && <p>{detail}</p>}
      {hint != null && <p>{hint}</p>}
      {onRetry !== undefined && <Button onClick={onRetry}>{m.try_again()}</Button>}
    </Form>
  );
}

export function Offline({ onRetry }: { onRetry?: () => void }) {
  return (
    <Form icon={<CloudOff aria-hidden />} title={m.offline_title()} live>
      <p>{m.offline_body()}</p>
      {onRetry !== undefined && <Button onClick={onRetry}>{m.try_again()}</Button>}
    </Form>
  );
}

export function Forbidden({ detail }: { detail?: string | undefined }) {
  return (
    <Form icon={<Lock aria-hidden />} title={m.forbidden_title()} live>
      <p>{detail ?? m.forbidden_body()}</p>
    </Form>
  );
}
