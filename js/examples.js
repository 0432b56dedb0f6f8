// Writes the examples at the end of docs/protocol.md again: npm run examples.
import { readFileSync, writeFileSync } from "node:fs";
import { tables } from "./lib/examples.js";

const docs = new URL("../docs/", import.meta.url);
const page = readFileSync(new URL("protocol.md", docs), "utf8");
const examples = JSON.parse(readFileSync(new URL("protocol-examples.json", docs)));
const head = page.slice(0, page.indexOf("## Examples\n"));
const intro = "## Examples\n\nText is in quotes as in JSON, binary in hexadecimal.\n\n";
writeFileSync(new URL("protocol.md", docs), head + intro + tables(examples));
