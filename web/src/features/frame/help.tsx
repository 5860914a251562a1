import { groups } from "@/features/frame/keys";
import { m } from "@/text/gen/messages.js";
import { Dialog } from "@/ui/dialog";

/** The page that explains the keyboard. */
export default function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={m.keyboard()}>
      <div className="grid gap-5 desk:grid-cols-2">
        {groups().map((group) => (
          <section key={group.title}>
            <h3 className="mb-1.5 text-small font-semibold text-soft">{group.title}</h3>
            <dl className="grid grid-cols-[minmax(4rem,auto)_1fr] items-baseline gap-x-3 gap-y-1.5">
              {group.keys.map(([keys, what]) => (
                <div key={keys} className="contents">
                  <dt>
                    <kbd className="rounded-mark border border-edge bg-sunken px-1.5 py-0.5 whitespace-nowrap">{keys}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
