import { Component, lazy, type ReactNode, Suspense } from "react";

const Body = lazy(() => import("@/ui/markdown-body"));

/** Markdown of agents. Until its code is there, and if it cannot be fetched, the plain text stands in its place. */
export function Markdown({ text }: { text: string }) {
  const plain = <p className="whitespace-pre-wrap">{text}</p>;
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
