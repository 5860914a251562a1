import { describe, expect, it } from "vitest";
import { spell } from "@/ui/spell";

const odd = (text: string) => spell(text).flatMap((part) => (part.kind === "odd" ? [`${part.code} ${part.name}`] : []));

describe("spelling out", () => {
  it("leaves ordinary text alone, in every script", () => {
    for (const text of ['{"command":"rm -rf target/"}', "日本語のテスト", "привет мир", "tab\tand\nline", "émigré".normalize("NFC")]) {
      expect(spell(text)).toEqual([{ kind: "plain", text }]);
    }
  });
  it("names what nobody sees", () => {
    expect(odd("ls \u200b\u001b[2K")).toEqual(["U+200B ZERO WIDTH SPACE", "U+001B ESCAPE"]);
    expect(odd("a\u202eb\u2069\ufeff\u{e0041}")).toHaveLength(4);
  });
  it("names look-alikes beside Latin letters", () => {
    expect(odd("rm -rf /hоme")).toEqual(["U+043E LOOK-ALIKE"]);
    expect(odd("ｒｍ")).toHaveLength(2);
  });
  it("loses nothing of what is plain", () => {
    const text = `x${"\u200b"}y`.repeat(500);
    expect(
      spell(text)
        .flatMap((part) => (part.kind === "plain" ? [part.text] : []))
        .join(""),
    ).toBe("xy".repeat(500));
  });
});
