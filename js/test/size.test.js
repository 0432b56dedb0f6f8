import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

test("the client's core is at most 4 KB, minified and gzipped", async (t) => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../templates/project/client/socket.js", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const { length } = gzipSync(outputFiles[0].contents, { level: 9 });
  t.diagnostic(`${length} bytes`);
  assert.ok(length <= 4096, `${length} bytes`);
});
