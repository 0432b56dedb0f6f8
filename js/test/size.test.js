import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** The size of a file of the client with all that it imports, minified and gzipped. */
async function sizeOf(file) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../templates/project/client/${file}`, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

test("the client's core is at most 4 KB, minified and gzipped", async (t) => {
  const length = await sizeOf("socket.js");
  t.diagnostic(`${length} bytes`);
  assert.ok(length <= 4096, `${length} bytes`);
});

test("with streams it is at most 5 KB", async (t) => {
  const length = await sizeOf("streams.js");
  t.diagnostic(`${length} bytes`);
  assert.ok(length <= 5 * 1024, `${length} bytes`);
});
