// Writes src/api/schema.gen.ts from the checked-in OpenAPI document. `--check` only says whether it is current.
import { readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const source = new URL("../../docs/openapi.json", import.meta.url);
const file = new URL("../src/api/schema.gen.ts", import.meta.url);
const text = `// Written by \`npm run gen\` from docs/openapi.json. Do not edit.\n\n${astToString(await openapi(JSON.parse(readFileSync(source, "utf8"))))}`;
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("web/src/api/schema.gen.ts is stale: run `npm run gen` in web/");
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
}
