import { useNavigate } from "@tanstack/react-router";
import { Keyboard as Keys, Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { everything, isTaken, move } from "@/features/frame/keys";
import { screens } from "@/features/frame/screens";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { wish } from "@/ui/wish";

const Help = lazy(() => import("@/features/frame/help"));
const Palette = lazy(() => import("@/features/frame/palette"));

/** After `g`, the next key is waited for this long. */
const CHORD_MS = 1_200;

/** Keys that the screen itself answers to. */
const WISHES = { f: "find", n: "found_next", N: "found_before", "!": "next_error", q: "next_question" } as const;

type Open = "help" | "palette" | undefined;
const OPEN = "fugue:open";

/** Opens the box in which everything can be found, from wherever. */
export function openPalette(): void {
  dispatchEvent(new CustomEvent<Open>(OPEN, { detail: "palette" }));
}

/** The keyboard, and the two boxes that it opens. They come when they are first wanted. */
export function Keyboard() {
  const [open, setOpen] = useState<Open>();
  const navigate = useNavigate();
  useEffect(() => {
    let going = 0;
    const focus = (event: KeyboardEvent, selector: string) => {
      const target = document.querySelector<HTMLElement>(selector);
      if (target === null) return;
      event.preventDefault();
      target.focus();
    };
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen((now) => (now === "palette" ? undefined : "palette"));
        return;
      }
      if (isTaken(event)) return;
      const screen = event.timeStamp < going ? screens().find((one) => one.key === event.key) : undefined;
      going = 0;
      if (screen !== undefined) {
        event.preventDefault();
        void navigate({ to: screen.to });
      } else if (event.key === "g") going = event.timeStamp + CHORD_MS;
      else if (event.key === "j") move(1);
      else if (event.key === "k") move(-1);
      else if (event.key === "/") focus(event, "[data-search]");
      else if (event.key === "c") focus(event, "[data-composer]");
      else if (event.key === "e") document.querySelector<HTMLElement>("[data-interrupt]")?.click();
      else if (event.key in WISHES) {
        event.preventDefault();
        wish(WISHES[event.key as keyof typeof WISHES]);
      } else if (event.key === "?") setOpen("help");
    };
    const asked = (event: Event) => setOpen((event as CustomEvent<Open>).detail);
    addEventListener("keydown", press);
    addEventListener(OPEN, asked);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener(OPEN, asked);
    };
  }, [navigate]);
  return (
    <Suspense>
      {open === "help" && <Help onClose={() => setOpen(undefined)} />}
      {open === "palette" && <Palette onClose={() => setOpen(undefined)} onHelp={() => setOpen("help")} />}
    </Suspense>
  );
}

/** The same for a mouse: at the head and at the foot of the rail. */
export function FindButton() {
  return (
    <Button className="mb-2 justify-start px-2.5 font-normal text-soft" onClick={openPalette}>
      <Search aria-hidden /> <span className="flex-1 text-left">{m.find()}</span>
      <kbd className="text-tiny" aria-hidden>
        {everything()}
      </kbd>
    </Button>
  );
}

export function HelpButton() {
  return (
    <Button kind="quiet" className="-ml-3 justify-start" onClick={() => dispatchEvent(new CustomEvent<Open>(OPEN, { detail: "help" }))}>
      <Keys aria-hidden /> {m.keyboard()}
    </Button>
  );
}
