import { Component, lazy, type ReactNode, Suspense } from "react";
import { cn } from "@/ui/class";
import { settingOf } from "@/ui/long";

const Body = lazy(() => import("@/ui/markdown-body"));

/** A text that is longer, a line that is nested deeper, or a paragraph with more marks of one kind than any writer makes: whoever wrote that wants
 * the reader of Markdown to fall over its own depth, or to hold the screen up. */
const [CHARS_MAX, MARKS_MAX] = [100_000, 1_000];
const NESTED = /^[ \t]*(?:>[ \t]*|(?:[*+-]|\d{1,9}[.)])[ \t]+){40}/m;

/** Whether a text is read as Markdown at all. */
export function readable(text: string): boolean {
  if (text.length > CHARS_MAX || NESTED.test(text)) return false;
  return text
    .split(/\n[ \t]*\n/)
    .every((part) => ["[", "*", "_", "~", "<", "&", "`"].every((mark) => part.split(mark).length <= MARKS_MAX));
}

/** Markdown of agents. Until its code is there, if it cannot be fetched, and for what is no writer's text, the plain text stands in its place. */
export function Markdown({ text }: { text: string }) {
  const plain = <p className={cn("whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(text))}>{text}</p>;
  if (!readable(text)) return plain;
  return (
    <Guard instead={plain}>
      <Suspense fallback={plain}>
        <Body text={text} />
      </Suspense>
    </Guard>
  );
}

class Guard extends Component<{ instead: ReactNode; children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };
  static getDerivedStateFromError() {
    return { broken: true };
  }
  override render() {
    return this.state.broken ? this.props.instead : this.props.children;
  }
}
