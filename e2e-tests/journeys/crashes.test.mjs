// What is acknowledged is durable, and everything goes on by itself: each process is ended as a power
// cut ends it, while others are in the middle of something with it.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { PROCESSES, eventually, startStack } from "../support/stack.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const LAST = "The last letter";

let stack;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-crashes-"));
  stack = await startStack();
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

const stateOf = (who) => join(folder, `${who}.json`);
const start = (who, more = {}) => device(who, { state: stateOf(who), within: 60, env: stack.env, ...more });

// What the sender has kept of each letter, in the order in which they were sent.
const kept = [];
const inOrder = ({ letters }) => letters.map(keptOf).reverse();
const isInOrder = ({ unopened, not_filed }) => assert.deepEqual([unopened, not_filed], [[], 0]);

const ENROLLING = { "scotaccount-sim": "mairi", "letterbox-server": "ann", "letterbox-keyserver": "ann2", "letterbox-client-host": "noaddr" };

for (const [name, who] of Object.entries(ENROLLING)) {
  test(`somebody who signs in while ${name} goes down has a mailbox all the same`, async () => {
    const { report } = start(who);
    await eventually("the sign-in has begun", () => existsSync(stateOf(who)));
    await stack.kill(name);
    assert.deepEqual((await report).letters, []);
  });
}

test("no letter that the relay signed for is lost, whichever process goes down while letters are sent", async () => {
  const paul = start("paul", { expect: [LAST] });
  await paul.listening;
  let isOver = false;
  let problem;
  const send = async (subject) => {
    const { code, printed, said } = await attempt(PAUL, { subject, more: ["--json"] }, stack.env.LETTERBOX_SEND);
    assert.equal(code, 0, said + printed);
    kept.push(keptOf(JSON.parse(printed)));
  };
  const sending = (async () => {
    for (let number = 1; !isOver; number += 1) await send(`Letter ${number}`);
  })().catch((error) => { problem = error; });

  const oneMore = async () => {
    const before = kept.length;
    await eventually("one more letter is sent", () => problem || kept.length > before);
    assert.ifError(problem);
  };
  for (const name of [...PROCESSES, "letterbox-server", "letterbox-keyserver"]) {
    await oneMore();
    await stack.kill(name);
  }
  await oneMore();
  isOver = true;
  await sending;
  assert.ifError(problem);
  await send(LAST);

  const had = await paul.report;
  isInOrder(had);
  assert.deepEqual(inOrder(had), kept);
  assert.deepEqual(had.letters.map(({ subject }) => subject).reverse(), [...kept.slice(1).map((_, place) => `Letter ${place + 1}`), LAST]);
});

for (const name of ["letterbox-server", "letterbox-keyserver"]) {
  test(`a device that fetches its letters while ${name} goes down has all of them`, async () => {
    const records = () => Object.keys(JSON.parse(readFileSync(stateOf("paul"), "utf8"))).length;
    const all = records();
    const paul = start("paul", { anew: true, expect: [LAST] });
    await eventually("some letters are still to be fetched", () => records() < all || !paul.isRunning());
    await stack.kill(name);
    const had = await paul.report;
    isInOrder(had);
    assert.deepEqual(inOrder(had), kept);
  });
}

test("after all processes went down at once everything is there, and letters come as before", async () => {
  await stack.kill(...PROCESSES);
  const again = await start("paul", { anew: true }).report;
  isInOrder(again);
  assert.deepEqual(inOrder(again), kept);

  const paul = start("paul", { expect: ["After all that"] });
  await paul.listening;
  kept.push(await sendForReceipt(PAUL, { subject: "After all that" }, stack.env.LETTERBOX_SEND));
  assert.deepEqual(inOrder(await paul.report), kept);
});

test("everybody who enrolled on the way still has a mailbox, and letters reach it", async () => {
  for (const who of Object.values(ENROLLING)) isInOrder(await start(who).report);
  const mairi = start("mairi", { expect: ["For Màiri"] });
  await mairi.listening;
  const MAIRI = person("Màiri", "MacDonald", "1985-03-14", "EH1 1AA");
  const one = await sendForReceipt(MAIRI, { subject: "For Màiri" }, stack.env.LETTERBOX_SEND);
  assert.deepEqual(inOrder(await mairi.report), [one]);
});
