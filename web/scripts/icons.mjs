// Draws the PNG icons of public/ from their SVGs with Chromium. Run by hand when an SVG changed; `--check` says whether one is missing or has
// another size than its name promises.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where it is from, where it goes, how large. */
const ICONS = [
  ["public/icon.svg", "public/icon-192.png", 192],
  ["public/icon.svg", "public/icon-512.png", 512],
  ["icons/maskable.svg", "public/icon-maskable-512.png", 512],
  ["icons/maskable.svg", "public/apple-touch-icon.png", 180],
  ["icons/badge.svg", "public/badge-96.png", 96],
];
const BROWSERS = [process.env.FUGUE_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (process.argv.includes("--check")) {
  const wrong = ICONS.filter(([, path, size]) => {
    if (!existsSync(at(path))) return true;
    const header = readFileSync(at(path)).subarray(16, 24);
    return header.readUInt32BE(0) !== size || header.readUInt32BE(4) !== size;
  });
  if (wrong.length > 0) {
    console.error(`${wrong.map(([, path]) => path).join(", ")}: run \`npm run icons\``);
    process.exit(1);
  }
} else {
  const { chromium } = await import("playwright-core");
  const executablePath = BROWSERS.find((path) => path !== undefined && existsSync(path));
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
  for (const [from, to, size] of ICONS) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const svg = readFileSync(at(from), "utf8").replace("<svg ", '<svg style="display:block;width:100vw;height:100vh" ');
    await page.setContent(`<body style="margin:0">${svg}`);
    await page.screenshot({ path: at(to), omitBackground: true });
    await page.close();
  }
  await browser.close();
}
