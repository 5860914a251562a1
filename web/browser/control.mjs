// The other side of the proof: a page that takes no care at all. What runs there must be noticed, and each of the things that are watched for is
// planted there once; so a detector that is blind, or a corpus that does no harm, fails.

import assert from "node:assert/strict";
import { CASES } from "./corpus.mjs";
import { Detector } from "./detector.mjs";
import { until } from "./stage.mjs";

const AT_ONCE = 16;
const OWN = "https://control.example";

/** One thing for each sense, as a page would do it. */
const PLANTS = {
  script: () => document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=owned(0)>"),
  element: () => document.body.append(document.createElement("object")),
  attribute: () => document.body.setAttribute("onwheel", "1"),
  address: () => {
    document.body.appendChild(document.createElement("a")).href = "javascript:1";
  },
  request: () => void fetch("https://evil.example/planted", { mode: "no-cors" }).catch(() => undefined),
  dialog: () => void setTimeout(() => alert("planted")),
  console: () => console.error("planted"),
  error: () =>
    void setTimeout(() => {
      throw new Error("planted");
    }),
  clipboard: () => void navigator.clipboard.writeText("planted"),
  frame: () => document.body.append(document.createElement("iframe")),
  popup: () => void open("about:blank"),
  download: () => {
    const link = document.body.appendChild(document.createElement("a"));
    [link.href, link.download] = [URL.createObjectURL(new Blob(["planted"])), "planted"];
    link.click();
  },
  policy: () => {
    document.head.insertAdjacentHTML("beforeend", `<meta http-equiv="Content-Security-Policy" content="img-src 'none'">`);
    new Image().src = "/planted.png";
  },
  navigation: () => void location.assign("https://evil.example/planted"),
};

/** Texts as the careless show them: Markdown by a rule of thumb, the rest as HTML, in the page and in a page of its own. */
function careless(texts) {
  document.body.replaceChildren();
  for (const text of texts) {
    const html = text.replace(/!?\[([^\]]*)\]\(\s*<?((?:[^()<>\s]|\([^)]*\))*)[^)]*\)/g, '<a href="$2">$1</a>');
    const [box, frame] = [document.createElement("div"), document.createElement("iframe")];
    frame.srcdoc = html;
    document.body.append(box, frame);
    box.innerHTML = html;
    for (const one of box.querySelectorAll("a, area, button"))
      if (!/^(https?|mailto):/.test(one.protocol ?? "")) one.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }
}

export async function control(browser) {
  const context = await browser.newContext();
  const detector = await Detector.of(context, OWN);
  await context.route(/^https:/, (route) =>
    route.request().isNavigationRequest()
      ? route.fulfill({ contentType: "text/html", body: "<!doctype html><body></body>" })
      : route.abort(),
  );
  const page = await context.newPage();
  await page.goto(OWN);
  assert.deepEqual(detector.take(), [], "an empty page was noticed");
  const harmful = CASES.filter((one) => one.runs);
  for (let at = 0; at < harmful.length; at += AT_ONCE) {
    const some = harmful.slice(at, at + AT_ONCE);
    const inert = () => some.filter((one) => !detector.seen.some(({ sense, what }) => sense === "script" && what === `${one.n}`));
    await page.evaluate(
      careless,
      some.map((one) => one.text),
    );
    await until("the corpus to run where nobody takes care", () => inert().length === 0).catch((error) => {
      throw new Error(`${error.message}: ${inert().map((one) => one.name)}`);
    });
  }
  console.log(`${harmful.length} of ${CASES.length} run where nobody takes care`);
  await page.goto(OWN);
  for (const [sense, plant] of Object.entries(PLANTS)) {
    detector.take();
    await page.evaluate(plant);
    await until(`what is planted for “${sense}” to be noticed`, () => detector.seen.some((one) => one.sense === sense));
  }
  await page.goto(OWN);
  await page.evaluate(() => {
    Object.prototype.polluted = 1;
  });
  detector.take();
  await assert.rejects(detector.silent(page, "control"), /prototype/);
  await context.close();
}
