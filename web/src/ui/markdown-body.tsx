import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import sanitize, { defaultSchema } from "rehype-sanitize";
import gfm from "remark-gfm";
import { cn } from "@/ui/class";
import { settingOf } from "@/ui/long";

/** Nothing that loads by itself, nothing that runs: links go to the web or to mail, images become links. */
const SCHEMA = {
  ...defaultSchema,
  protocols: { href: ["http", "https", "mailto"] },
  tagNames: (defaultSchema.tagNames ?? []).filter((name) => !["picture", "source"].includes(name)),
  clobberPrefix: "agent-",
};

const PARTS: Components = {
  a: ({ href, children }) =>
    href === undefined || href === "" ? (
      <span>{children}</span>
    ) : (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" className="text-accent underline underline-offset-2" title={href}>
        {children}
      </a>
    ),
  img: ({ src, alt }) =>
    typeof src === "string" && /^https?:/.test(src) ? (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow" className="text-accent underline underline-offset-2">
        {alt || src}
      </a>
    ) : (
      <span>{alt}</span>
    ),
  h1: ({ children }) => <p className="mt-3 text-title font-semibold">{children}</p>,
  h2: ({ children }) => <p className="mt-3 text-title font-semibold">{children}</p>,
  h3: ({ children }) => <p className="mt-2 font-semibold">{children}</p>,
  h4: ({ children }) => <p className="mt-2 font-semibold">{children}</p>,
  h5: ({ children }) => <p className="mt-2 font-semibold">{children}</p>,
  h6: ({ children }) => <p className="mt-2 font-semibold">{children}</p>,
  // Who presses Enter once wants a new line, as in every chat; a break that Markdown knows comes with one of its own.
  p: ({ children }) => <p className="my-1.5 whitespace-pre-line first:mt-0 last:mb-0">{children}</p>,
  br: () => null,
  ul: ({ children }) => <ul className="my-1.5 list-disc pl-5">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="my-1.5 list-decimal pl-5">
      {children}
    </ol>
  ),
  li: ({ children }) => <li className="my-0.5">{children}</li>,
  blockquote: ({ children }) => <blockquote className="my-1.5 border-l-2 border-edge pl-3 text-soft">{children}</blockquote>,
  // A box that scrolls must be reachable by keyboard.
  pre: ({ children }) => (
    <pre tabIndex={0} className="my-2 overflow-x-auto rounded-box bg-sunken p-3 [&_code]:bg-transparent [&_code]:p-0">
      {children}
    </pre>
  ),
  code: ({ children }) => <code className="rounded-mark bg-sunken px-1 py-px [overflow-wrap:anywhere]">{children}</code>,
  hr: () => <hr className="my-3 border-line" />,
  table: ({ children }) => (
    <div tabIndex={0} className="my-2 overflow-x-auto">
      <table className="border-collapse text-small">{children}</table>
    </div>
  ),
  th: ({ children }) => <th className="border border-line px-2 py-1 text-left font-semibold">{children}</th>,
  td: ({ children }) => <td className="border border-line px-2 py-1 align-top">{children}</td>,
  input: ({ checked }) => <input type="checkbox" checked={checked === true} readOnly disabled className="mr-1.5" />,
};

/** Words in which Markdown could find nothing: most of what is said, and a hundred times as fast. */
const PLAIN = /^(?![\s\d])(?!.*www\.)[^*_`#[\]<>|~\\&:@\n+=-]*$/i;

function Body({ text }: { text: string }) {
  if (PLAIN.test(text)) {
    return (
      <div className={cn("min-w-0 [overflow-wrap:anywhere]", settingOf(text))}>
        <p>{text}</p>
      </div>
    );
  }
  return (
    <div className={cn("min-w-0 [overflow-wrap:anywhere]", settingOf(text))}>
      <ReactMarkdown remarkPlugins={[gfm]} rehypePlugins={[[sanitize, SCHEMA]]} components={PARTS}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

export default memo(Body);
