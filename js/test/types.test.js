import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const root = fileURLToPath(new URL("../..", import.meta.url));
const strict = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];

async function check(...args) {
  try {
    await promisify(execFile)(process.execPath, [tsc, ...strict, ...args], { cwd: root });
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test("the client passes a strict type check", () =>
  check("--allowJs", "--checkJs", "--lib", "es2023,dom", "templates/project/client/streams.js"));

test("programs against index.d.ts: what is right is accepted, what is wrong is an error", () =>
  check("--exactOptionalPropertyTypes", "--lib", "es2023,dom,dom.iterable", "js/types/consumer.ts", "js/types/streams.ts", "js/types/remote.ts"));
