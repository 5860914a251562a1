import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { screens } from "@/features/frame/screens";
import { m } from "@/text/gen/messages.js";

/** The screens that have no tab on a phone. */
export function More() {
  return (
    <div className="h-full scroll">
      <div className="mx-auto flex max-w-180 flex-col gap-3 p-4 desk:p-6">
        <h1 className="text-title font-semibold">{m.more()}</h1>
        <ul className="overflow-hidden rounded-box border border-line bg-panel">
          {screens()
            .filter((screen) => !screen.tab)
            .map(({ to, label, icon: Icon }) => (
              <li key={to} className="border-b border-line last:border-0">
                <Link to={to} className="flex min-h-14 items-center gap-3 px-3 hover:bg-raised focus-visible:-outline-offset-2">
                  <Icon aria-hidden className="size-5 text-soft" />
                  <span className="flex-1">{label}</span>
                  <ChevronRight aria-hidden className="size-4 text-faint" />
                </Link>
              </li>
            ))}
        </ul>
      </div>
    </div>
  );
}
