import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";

/**
 * A box over the page: in the centre on a desk, a sheet from below on a phone. The veil is ours: radix's overlay writes a `<style>`
 * element, which the policy forbids.
 */
export function Dialog({ open, onClose, title, children }: { open: boolean; onClose: () => void; title: string; children: ReactNode }) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <div className="fixed inset-0 z-40 bg-veil" aria-hidden="true" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-0 bottom-0 z-50 max-h-[90dvh] scroll rounded-t-sheet bg-panel p-4 pb-[max(1rem,env(safe-area-inset-bottom))] shadow-float desk:inset-auto desk:top-[12vh] desk:left-1/2 desk:max-h-[76vh] desk:w-[520px] desk:-translate-x-1/2 desk:rounded-sheet desk:border desk:border-line"
        >
          <div className="mb-3 flex items-center justify-between gap-2">
            <Radix.Title className="text-title font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button kind="quiet" size="icon" aria-label={m.close()}>
                <X />
              </Button>
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
