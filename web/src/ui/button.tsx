import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ButtonHTMLAttributes } from "react";
import { cn } from "@/ui/class";

const look = cva(
  "control inline-flex items-center justify-center gap-1.5 rounded-box px-3 font-semibold whitespace-nowrap select-none transition-colors duration-100 disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      kind: {
        primary: "bg-ink text-ground hover:bg-soft",
        plain: "border border-edge bg-panel text-ink hover:bg-raised",
        quiet: "text-soft hover:bg-raised hover:text-ink",
        danger: "border border-failed bg-panel text-failed hover:bg-failed-tint",
      },
      size: { normal: "", icon: "control aspect-square px-0 min-w-8 pointer-coarse:min-w-12", wide: "w-full" },
    },
    defaultVariants: { kind: "plain", size: "normal" },
  },
);

type Props = ButtonHTMLAttributes<HTMLButtonElement> & VariantProps<typeof look> & { asChild?: boolean };

/** A button says the verb and the object. */
export function Button({ kind, size, className, asChild, type = "button", ...rest }: Props) {
  if (asChild === true) return <Slot.Root className={cn(look({ kind, size }), className)} {...rest} />;
  return <button type={type} className={cn(look({ kind, size }), className)} {...rest} />;
}
