import { useOffer } from "@/api/worker";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";

/** The cockpit as an app of its own: a window without the browser's frame, an icon, and on iOS the only way to pushes. */
export function Install() {
  const install = useOffer();
  if (matchMedia("(display-mode: standalone)").matches) return <p className="text-soft">{m.installed()}</p>;
  if (navigator.serviceWorker === undefined) return <p className="text-soft">{m.needs_https()}</p>;
  if (install === undefined) return <p className="text-soft">{m.install_how()}</p>;
  return (
    <Button className="self-start max-desk:w-full" onClick={install}>
      {m.install_verb()}
    </Button>
  );
}
