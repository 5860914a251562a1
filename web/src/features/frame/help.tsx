import { Keyboard } from "lucide-react";
import { useEffect, useState } from "react";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

/** What each key does. */
function keys(): [string, string][] {
  return [
    ["j / k", m.key_move()],
    ["Enter", m.key_open()],
    ["a / d", m.key_answer()],
    ["e", m.key_interrupt()],
    ["← → ↑ ↓", m.key_board()],
    ["m", m.key_card()],
    ["c", m.key_compose()],
    ["/", m.key_search()],
    ["?", m.key_help()],
  ];
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

/** Moves the focus to the next thing that can be opened or answered. */
function move(step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("main [data-question], main ul li > a, main article > a")];
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[at < 0 ? (step === 1 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** The keyboard, and the page that explains it. */
export function Help() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        event.isComposing ||
        isWriting(event.target) ||
        document.querySelector("[role=dialog]") !== null
      )
        return;
      const focus = (selector: string) => {
        const target = document.querySelector<HTMLElement>(selector);
        if (target === null) return;
        event.preventDefault();
        target.focus();
      };
      if (event.key === "j") move(1);
      else if (event.key === "k") move(-1);
      else if (event.key === "/") focus("[data-search]");
      else if (event.key === "c") focus("[data-composer]");
      else if (event.key === "e") document.querySelector<HTMLElement>("[data-interrupt]")?.click();
      else if (event.key === "?") setOpen(true);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <Button kind="quiet" className="-ml-3 justify-start" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden /> {m.keyboard()}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={m.keyboard()}>
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
          {keys().map(([key, what]) => (
            <div key={key} className="contents">
              <dt>
                <kbd className="rounded-mark border border-edge bg-sunken px-1.5 py-0.5">{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </>
  );
}
