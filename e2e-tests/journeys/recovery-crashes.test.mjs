// A mailbox that comes back is one mailbox with every letter, wherever its device is ended on the way
// and whichever service goes down; and what a body sends meanwhile has a receipt or a refusal.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { MAIRI, attempt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

let stack;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-recovery-"));
  stack = await startStack();
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

// What a device says whose code is not the newest any more, and one that directory or relay refuses. A device that
// breaks ends with words of its own.
const CODE_REPLACED = /ended with 1: [^]*this recovery code was replaced by a newer one/;
const REFUSED = /ended with 1: [^]*the service answered with status 4\d\d/;

// The code that brings the mailbox back now, and what its letters' sender has kept, in order.
let code;
const kept = [];

const start = (name, more = {}) => device("mairi", { state: join(folder, `${name}.json`), recover: code, within: 60, env: stack.env, ...more });

async function send(subject) {
  const { code: exit, printed } = await attempt(MAIRI, { subject, more: ["--json"] }, stack.env.LETTERBOX_SEND);
  const { outcome, ...receipt } = JSON.parse(printed);
  if (exit === 0) kept.push(keptOf(receipt));
  return [exit, outcome];
}

const SENT = [0, "sent"];
// The entry names the new inbox key, and the relay does not know it yet.
const NOT_YET = [21, "failed"];

function hasAll({ letters, unopened, not_filed, code: next }) {
  assert.deepEqual([unopened, not_filed], [[], 0]);
  assert.deepEqual(letters.map(keptOf).reverse(), kept);
  assert.notEqual(next, code);
  code = next;
}

test("a new device that is ended when the relay has just taken its bundle has a mailbox all the same", async () => {
  const mairi = start("first", { hold: "kept" });
  await mairi.holding;
  await mairi.kill();
  hasAll(await start("first").report);
  assert.deepEqual(await send("Before all"), SENT);
});

const STEPS = { found: SENT, entries: SENT, signed: SENT, announced: SENT, published: NOT_YET, restarted: SENT };

for (const [step, outcome] of Object.entries(STEPS)) {
  test(`a device that is ended at the step "${step}" goes on where it was, and no letter is lost`, async () => {
    const mairi = start(step, { hold: step });
    await mairi.holding;
    assert.deepEqual(await send(`While ${step}`), outcome);
    await mairi.kill();
    hasAll(await start(step).report);
    assert.deepEqual(await send(`After ${step}`), SENT);
  });
}

test("of a device that is lost for good before its entry is published, the code of before still works", async () => {
  const mairi = start("lost-early", { hold: "announced" });
  await mairi.holding;
  await mairi.kill();
  hasAll(await start("after-lost-early").report);
  assert.deepEqual(await send("After losing it early"), SENT);
});

test("of a device that is lost for good after its entry is published, its own code works, and no other", async () => {
  const mairi = start("lost-late", { hold: "published" });
  const [written] = await Promise.all([mairi.code, mairi.holding]);
  await mairi.kill();
  await assert.rejects(start("with-the-code-of-before").report, CODE_REPLACED);
  code = written;
  hasAll(await start("after-lost-late").report);
  assert.deepEqual(await send("After losing it late"), SENT);
});

const FALLING = { entries: "letterbox-keyserver", announced: "letterbox-server", published: "letterbox-keyserver", restarted: "letterbox-server" };

for (const [step, name] of Object.entries(FALLING)) {
  test(`a device that is at the step "${step}" when ${name} goes down brings the mailbox back all the same`, async () => {
    const mairi = start(`falling-${step}`, { hold: step });
    await mairi.holding;
    await stack.kill(name);
    assert.deepEqual(await send(`When ${name} was up again`), STEPS[step]);
    mairi.goOn();
    hasAll(await mairi.report);
    assert.deepEqual(await send(`After ${name}`), SENT);
  });
}

test("of two devices with one code the one whose entry is published has the mailbox, whatever the other announced since", async () => {
  const other = start("other", { hold: "signed" });
  await other.holding;
  const mairi = start("winner", { hold: "published" });
  await mairi.holding;
  other.goOn();
  await assert.rejects(other.report, REFUSED);
  mairi.goOn();
  hasAll(await mairi.report);
  assert.deepEqual(await send("After two devices"), SENT);
});

test("in the end there is one mailbox, and one device that may open it", async () => {
  const last = start("winner", { expect: ["After two devices"] });
  const { letters } = await last.report;
  assert.deepEqual(letters.map(keptOf).reverse(), kept);
  for (const name of ["first", ...Object.keys(STEPS)]) await assert.rejects(start(name).report, REFUSED, name);
});
