import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { tables } from "../lib/examples.js";
import { JobSocket, Network, settled } from "../lib/fake.js";

const docs = new URL("../../docs/", import.meta.url);

test("docs/protocol.md shows the examples of protocol-examples.json", () => {
  const page = readFileSync(new URL("protocol.md", docs), "utf8");
  const examples = JSON.parse(readFileSync(new URL("protocol-examples.json", docs)));
  const shown = page.slice(page.indexOf("### wsgen.1, to the service\n"));
  assert.equal(shown, tables(examples), "npm run examples writes them again");
});

test("docs/emitted-project.md: the page's example does what it says", async () => {
  const page = readFileSync(new URL("emitted-project.md", docs), "utf8");
  const [, example] = /^```js\n(.*?)^```$/ms.exec(page);
  const network = new Network();
  class ReportSocket extends JobSocket {
    constructor(params, options) {
      assert.deepEqual(params, { job: "2026-11" });
      super({}, { url: "https://service.test", WebSocket: network.WebSocket, ...options });
    }
  }
  const told = [];
  const tell = (text) => told.push(text);
  const report = new Function("ReportSocket", "show", "begin", `${example}; return report;`)(ReportSocket, tell, tell);
  await settled();
  network.last.open({ acks: true });
  network.last.joined("job:2026-11");
  network.last.receive("s1:1:chapter 1");
  network.last.recovered({ recovered: false, reason: "restarted", epoch: "e2" });
  network.last.control({ type: "ended", stream: 1, offset: 1, state: "failed", reason: "no paper" });
  network.last.receive("s1:1:{}");
  network.last.control({ type: "ended", stream: 1, offset: 2, state: "done", reason: "" });
  network.last.receive("s1:2:three chapters");
  report.close();
  network.last.end(1000);
  const results = ["chapter 1", "from the beginning", "failed: no paper", "three chapters"];
  assert.deepEqual(told, [...results, "closed with 1000; not delivered: 1"]);
});
