// What a grammar's scopes are to us: a few kinds. The theme's colours are no colours but the numbers of the kinds.
import { KINDS } from "@/ui/syntax";

type Kind = "comment" | "keyword" | "string" | "number" | "function" | "type";

const SCOPES: Record<Kind, string[]> = {
  comment: ["comment", "punctuation.definition.comment", "markup.quote"],
  keyword: [
    "keyword",
    "storage",
    "variable.language",
    "entity.name.tag",
    "markup.heading",
    "markup.bold",
    "support.type.property-name.css",
  ],
  string: ["string", "markup.inline.raw", "markup.fenced_code", "constant.other.symbol", "string.regexp"],
  number: [
    "constant",
    "constant.numeric",
    "constant.language",
    "support.constant",
    "constant.character.escape",
    "string constant.character.escape",
  ],
  function: [
    "entity.name.function",
    "support.function",
    "meta.function-call entity.name",
    "support.type.property-name",
    "entity.other.attribute-name",
  ],
  type: [
    "entity.name.type",
    "entity.name.class",
    "support.type",
    "support.class",
    "entity.other.inherited-class",
    "storage.type.primitive",
  ],
};

const numberOf = (kind: Kind) => KINDS.indexOf(`text-syntax-${kind}`);
const colourOf = (kind: number) => `#${kind.toString(16).padStart(6, "0")}`;

/** The kind that a colour of the theme stands for. */
export const kindOf = (colour: string | undefined) => {
  const kind = Number.parseInt(colour?.slice(1) ?? "", 16);
  return kind > 0 && kind < KINDS.length ? kind : 0;
};

export const THEME = {
  name: "fugue",
  type: "dark" as const,
  fg: colourOf(0),
  bg: "#ffffff",
  settings: [
    { settings: { foreground: colourOf(0), background: "#ffffff" } },
    ...Object.entries(SCOPES).map(([kind, scope]) => ({ scope, settings: { foreground: colourOf(numberOf(kind as Kind)) } })),
  ],
};
