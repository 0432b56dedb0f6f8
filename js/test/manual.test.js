import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { tables } from "../lib/examples.js";

const docs = new URL("../../docs/", import.meta.url);

test("docs/protocol.md shows the examples of protocol-examples.json", () => {
  const page = readFileSync(new URL("protocol.md", docs), "utf8");
  const examples = JSON.parse(readFileSync(new URL("protocol-examples.json", docs)));
  const shown = page.slice(page.indexOf("### wsgen.1, to the service\n"));
  assert.equal(shown, tables(examples), "npm run examples writes them again");
});
