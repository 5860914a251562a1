import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

/** Our own sizes of type and of corners, which would be taken for colours otherwise, and thrown out by one. */
const merge = extendTailwindMerge({
  extend: { theme: { text: ["tiny", "small", "title"], radius: ["mark", "box", "sheet"], shadow: ["float"] } },
});

/** Class names, the later one winning. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
