// The memory of the sender's command with the largest file, against a letter without one: within
// `letterbox-stack with -- node bench/command.mjs FIGURES`. Adds to the list in the file FIGURES.
//
// VmHWM (proc(5)) only grows, so that what was read last is the most there was. It is read every other
// millisecond; what a process takes in its last one is not seen.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { device } from "../e2e-tests/support/device.mjs";
import { writeSparse } from "../e2e-tests/support/files.mjs";
import { person, sendForReceipt } from "../e2e-tests/support/sender.mjs";
import { report } from "./figures.mjs";

const MIB = 1024 * 1024;
const LARGEST = 25 * MIB;
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");

// The most memory that the command has had, in MiB.
async function memoryFor(subject, attach) {
  let id;
  let ended = false;
  const started = (process) => { id = process; };
  const sending = sendForReceipt(PAUL, { subject, attach, started }).finally(() => { ended = true; });
  let most = 0;
  while (!ended) {
    try {
      const [, size] = readFileSync(`/proc/${id}/status`, "utf8").match(/^VmHWM:\s+(\d+) kB$/m) ?? [];
      if (size) most = Number(size) / 1024;
    } catch {
      // It has not begun, or is gone.
    }
    await setTimeout(2);
  }
  await sending;
  if (most === 0) throw new Error("the memory of the command was never seen");
  return most;
}

const figures = process.argv[2];
if (!figures) throw new Error("usage: node bench/command.mjs FIGURES");
const folder = mkdtempSync(join(tmpdir(), "letterbox-bench-"));
try {
  const file = join(folder, "large.bin");
  writeSparse(file, LARGEST);
  const last = "With the largest file";
  const paul = device("paul", { expect: [last], within: 120 });
  await paul.listening;
  const without = await memoryFor("Without a file", []);
  const value = await memoryFor(last, [file]);
  await paul.report;

  report(figures, { name: "memory of the command with 25 MiB", values: [value], unit: "MiB", what: "without a file", reference: without });
} finally {
  rmSync(folder, { recursive: true });
}
