// A second start rebuilds nothing.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import test from "node:test";
import { promisify } from "node:util";

const BUILT = ["target/web/index.html", "target/debug/letterbox-server", "target/debug/letterbox-keyserver", "target/debug/letterbox"];
const times = () => Promise.all(BUILT.map(async (file) => (await stat(file)).mtimeMs));

test("what is built is not built again", async () => {
  const before = await times();
  const { stdout, stderr } = await promisify(execFile)("make", ["build"], { maxBuffer: 1 << 24 });
  assert.ok(!/Compiling|Downloading|Installing/.test(stdout + stderr), stdout + stderr);
  assert.deepEqual(await times(), before);
});
