// A second start rebuilds nothing.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import test from "node:test";
import { promisify } from "node:util";

const BUILT = ["target/web/index.html", "target/debug/letterbox-server", "target/debug/letterbox-keyserver", "target/debug/letterbox"];
const times = () => Promise.all(BUILT.map(async (file) => (await stat(file)).mtimeMs));

const build = () => promisify(execFile)("make", ["build"], { maxBuffer: 1 << 24 });

test("what is built is not built again", async () => {
  // `cargo test` puts programs of its own in the place of these; the first build puts them back.
  await build();
  const before = await times();
  const { stdout, stderr } = await build();
  assert.ok(!/Compiling|Downloading|Installing/.test(stdout + stderr), stdout + stderr);
  assert.deepEqual(await times(), before);
});
