// What notices that a page does what somebody else wants: a script that runs, a thing that is fetched or opened, an element, an attribute or an
// address that the cockpit never makes, a policy that had to step in. It sees attempts, not only successes: the policy is the second line.

import assert from "node:assert/strict";

/** Lives in each page from its beginning. `window.noted` and `window.owned` lead out of it. */
function watch(own) {
  const note = (sense, what) => window.noted(sense, String(what).slice(0, 200));
  addEventListener("securitypolicyviolation", (event) => note("policy", `${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  const clipboard = navigator.clipboard;
  for (const verb of clipboard === undefined ? [] : ["write", "writeText", "read", "readText"])
    clipboard[verb] = async () => note("clipboard", verb);

  const NEVER =
    "iframe,frame,frameset,object,embed,applet,portal,fencedframe,base,style,template,math,marquee,form[action],audio,video,source,track,area,map" +
    ",svg :is(script,foreignObject,use,animate,set,animateTransform,image,a,style,title,desc),[srcdoc],[formaction],[ping],[popover],[popovertarget]" +
    ",[contenteditable],[background],[style*='url('],[style*=expression],a[target]:not([rel~=noopener])";
  const ADDRESSES = ["href", "src", "xlink:href", "data", "poster", "cite", "action", "manifest", "dynsrc", "lowsrc", "codebase"];
  const leads = (address) => (URL.canParse(address, own) ? new URL(address, own) : new URL("none:"));
  const ours = (address) => leads(address).origin === own;
  /** What the build puts into the head, before and while the page lives. */
  const built = (one) =>
    one.parentElement === document.head &&
    ((one.matches("script[src],link[href]") && ours(one.getAttribute("src") ?? one.getAttribute("href"))) ||
      one.matches("meta[name],meta[charset]"));
  const inspect = (one) => {
    const tell = (sense) => note(sense, one.outerHTML);
    if (one.matches(NEVER) || (one.matches("script,link,meta") && !built(one))) tell("element");
    if (one.attributes instanceof NamedNodeMap === false) return tell("element");
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on")) tell("attribute");
      if ((name === "id" || name === "name") && !one.matches("meta") && (value in Document.prototype || value in HTMLElement.prototype))
        tell("attribute");
      if (name === "srcset") tell("address");
      if (!ADDRESSES.includes(name)) continue;
      const followed = name === "href" && one.matches("a");
      if (!(followed ? ["http:", "https:", "mailto:"].includes(leads(value).protocol) : ours(value))) tell("address");
    }
  };
  const whole = (one) => [one, ...one.querySelectorAll("*")].forEach(inspect);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") inspect(target);
      for (const one of addedNodes) if (one instanceof Element) whole(one);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
  window.soiled = () => Object.keys(Object.prototype).length > 0 || {}.polluted !== undefined;
}

export class Detector {
  seen = [];

  /** Watches everything that opens in a browser's context, whose own pages are those of an origin. */
  static async of(context, own) {
    const detector = new Detector();
    const note = (sense, what) => detector.seen.push({ sense, what: String(what).slice(0, 300) });
    await context.exposeBinding("noted", (_, sense, what) => note(sense, what));
    await context.exposeBinding("owned", (_, which) => note("script", which));
    await context.addInitScript(watch, own);
    const strange = (address) =>
      /^(https?|wss?|ftp|file|data|javascript):/.test(address) &&
      !address.startsWith(own) &&
      !address.startsWith(own.replace("http", "ws"));
    context.on("request", (request) => strange(request.url()) && note("request", request.url()));
    context.on("dialog", (dialog) => {
      note("dialog", dialog.message());
      void dialog.dismiss();
    });
    // What a page cannot reach it complains about by itself; a walk may cut it off.
    context.on(
      "console",
      (line) => line.type() === "error" && !/Failed to load resource/.test(line.text()) && note("console", line.text()),
    );
    context.on("weberror", (error) => note("error", error.error()));
    context.on("page", (page) => {
      page.on("popup", (popup) => note("popup", popup.url()));
      page.on("download", (download) => note("download", download.url()));
      page.on("frameattached", () => note("frame", page.url()));
      page.on("framenavigated", (frame) => frame === page.mainFrame() && strange(frame.url()) && note("navigation", frame.url()));
    });
    return detector;
  }

  /** What was noticed so far, once. */
  take() {
    return this.seen.splice(0);
  }

  /** Nothing was noticed, and the objects of the page are whole. */
  async silent(page, where) {
    assert.equal(await page.evaluate(() => window.soiled()), false, `${where}: the prototype of all objects is another`);
    assert.deepEqual(this.take(), [], `${where}: something came of what an agent said`);
  }
}
