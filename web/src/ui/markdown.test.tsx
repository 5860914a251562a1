import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { readable } from "@/ui/markdown";
import Body from "@/ui/markdown-body";

afterEach(cleanup);

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)></svg>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox)",
  "![x](javascript:alert(1))",
  "![tracker](https://evil.example/pixel.png)",
  "<a href='javascript:alert(1)'>x</a>",
  "<form action='https://evil.example'><input name=a></form>",
  "<style>body{display:none}</style>",
  "<link rel=stylesheet href=//evil.example>",
  "<base href='https://evil.example/'>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "<object data=x></object><embed src=x>",
  "[x]: javascript:alert(1)\n\n[x]",
  "<javascript:alert(1)>",
  "```html\n<script>alert(1)</script>\n```",
  "<div style='position:fixed;inset:0'>over everything</div>",
  "<p id=root>x</p>",
];

describe("Markdown of agents", () => {
  it.each(HOSTILE)("%s runs nothing and loads nothing", (text) => {
    const { container } = render(<Body text={text} />);
    expect(container.querySelector("script,img,svg,iframe,form,style,link,base,meta,object,embed,[style],[id]")).toBeNull();
    for (const element of container.querySelectorAll("*")) {
      for (const { name } of element.attributes) expect(name.startsWith("on"), `${element.tagName} ${name}`).toBe(false);
    }
    for (const anchor of container.querySelectorAll("a")) {
      expect(anchor.getAttribute("href")).toMatch(/^(https?|mailto):/);
      expect(anchor.rel).toContain("noopener");
    }
  });

  it("shows what Markdown is for", () => {
    const { container } = render(<Body text={"**b** `c` [l](https://a.example)\n\n- [x] done\n\n| a |\n|---|\n| 1 |"} />);
    expect(container.querySelector("strong")?.textContent).toBe("b");
    expect(container.querySelector("a")?.href).toBe("https://a.example/");
    expect(container.querySelector("td")?.textContent).toBe("1");
    expect(container.querySelector<HTMLInputElement>("input")?.checked).toBe(true);
  });
  it("begins a new line where its writer did, and one only", () => {
    const { container } = render(<Body text={"one\ntwo  \n*three*"} />);
    const paragraph = container.querySelector("p");
    expect(paragraph?.className).toContain("whitespace-pre-line");
    expect(paragraph?.querySelector("br")).toBeNull();
    expect(paragraph?.textContent).toBe("one\ntwo\nthree");
  });
  it("takes words without marks as they are, and no mark for a word", () => {
    const drawn = (text: string) => render(<Body text={text} />).container;
    for (const text of ["Just words.", "言葉だけ。", "It is (said) to be 50% done; is it?"]) {
      expect(drawn(text).querySelector("div > p")?.outerHTML).toBe(`<p>${text}</p>`);
    }
    for (const [text, marked] of [
      ["- x", "li"],
      ["1. one", "li"],
      ["    x", "code"],
      ["www.example.org", "a"],
      ["*x*", "em"],
      ["a\n\nb", "p + p"],
    ]) {
      expect(drawn(text ?? "").querySelector(marked ?? ""), text).not.toBeNull();
    }
  });
});

describe("a text that no writer makes", () => {
  it.each(["> ", "- ", "1. ", ">", "* > "])("is not read when it nests by %j", (mark) => {
    expect([readable(`${mark.repeat(2_000)}x`), readable(`${mark.repeat(5)}x`)]).toEqual([false, true]);
  });
  it("is not read when a paragraph is nothing but marks", () => {
    for (const mark of ["[", "*", "_a", "a~~", "<"]) expect(readable(mark.repeat(1_500))).toBe(false);
    expect(readable("snake_case and *stars* [a](http://b)\n\n".repeat(1_500))).toBe(true);
    expect(readable("- - -\n\n***\n\n---------------------------------------------------------------")).toBe(true);
  });
});
