// The power goes while the relay takes letters with files and while the directory enrols people, and
// everything that was acknowledged is there when it comes back. `kill -9` alone proves nothing of this: what
// was written and not synced survives it.
//
// `LETTERBOX_POWER_CUT_ROUNDS` is the number of cuts under each service (3); `LETTERBOX_SEED` makes the same
// moments again.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { digestOf } from "../support/files.mjs";
import { counter, dice, sendAll } from "../support/load.mjs";
import { disk, obstacle } from "../support/mounts.mjs";
import { endsWhole, isWhole } from "../support/resting.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";

const SEED = Number(process.env.LETTERBOX_SEED ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = Number(process.env.LETTERBOX_POWER_CUT_ROUNDS ?? 3);
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const ENROLLING = {
  mairi: person("Màiri", "MacDonald", "1985-03-14", "EH1 1AA"),
  ann: person("Ann", "Murray", "1990-06-15", "IV1 1AA"),
  noaddr: person("Calum", "Fraser", "1999-09-09"),
};

const PAPER = { name: "Pàipear.pdf", content: randomBytes(200_000) };

const skip = obstacle();
const roll = dice(SEED);
const disks = {};
let folder;
let services;
before(async () => {
  if (skip) return;
  console.log(`seed ${SEED}`);
  folder = mkdtempSync(join(tmpdir(), "letterbox-power-"));
  const data = join(folder, "data");
  disks[RELAY] = disk(join(data, "relay"));
  disks[DIRECTORY] = disk(join(data, "directory"));
  writeFileSync(join(folder, PAPER.name), PAPER.content);
  services = await startServices(data);
});
after(async () => {
  await services?.stop();
  for (const { unmount } of Object.values(disks)) await unmount();
  if (folder) rmSync(folder, { recursive: true });
});

const start = (who, more = {}) => device(who, { state: join(folder, `${who}.json`), within: 60, env: services.env, ...more });

// The power goes under a service and comes back. What is left before the service is started again is whole.
async function cut(name) {
  await disks[name].cut(services.id(name), () => services.end(name, "SIGKILL"));
  await isWhole(services, name, `seed ${SEED}`);
  await services.start(name);
}

const kept = [];
// The subjects of the letters that came with the file.
const withFile = [];
const inOrder = (letters) => letters.map(({ letter_id, subject }) => `${letter_id} ${subject}`).sort();

test("every letter that the relay signed for before the power went is there when it comes back", { skip }, async () => {
  await start("paul").report;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const events = counter();
    const { LETTERBOX_SEND: command } = services.env;
    const state = join(folder, `sender-${round}`);
    const sending = sendAll([command, command], PAUL, { state, tries: () => 5, events, file: join(folder, PAPER.name) });
    await Promise.race([events.more("receipt", 3 + Math.floor(roll() * 6)), sending.failed]);
    await cut(RELAY);
    await sending.stop();
    kept.push(...sending.letters);
    withFile.push(...sending.withFile);
    const { letters, unopened, not_filed } = await start("paul", { anew: true }).report;
    assert.deepEqual([unopened, not_filed], [[], 0], `seed ${SEED}, round ${round}`);
    assert.deepEqual(inOrder(letters), inOrder(kept), `seed ${SEED}, round ${round}`);
    // The receipt that the command printed is the one that the reader has.
    const had = new Map(letters.map((letter) => [letter.letter_id, keptOf(letter)]));
    for (const { subject, times, ...receipt } of kept.filter(({ times }) => times === 1)) {
      assert.deepEqual(had.get(receipt.letter_id), receipt, `${subject}, seed ${SEED}, round ${round}`);
    }
  }
});

test("letters that were filed before the power went are there when it comes back, with their files as they were sent", { skip }, async () => {
  // Nothing is written after the last answer, so that no later sync makes up for one that was left out.
  await cut(RELAY);
  const { letters, saved } = await start("paul", { anew: true, expect: withFile, save: join(folder, "saved") }).report;
  assert.deepEqual(inOrder(letters), inOrder(kept));
  assert.ok(withFile.length > 0, `seed ${SEED}`);
  const sent = withFile.map((subject) => `${subject} ${PAPER.name} ${digestOf(PAPER.content)}`);
  assert.deepEqual(saved.map(({ subject, name, sha256 }) => `${subject} ${name} ${sha256}`).sort(), sent.sort(), `seed ${SEED}`);
});

for (const [who, recipient] of Object.entries(ENROLLING)) {
  test(`${who}, who has enrolled before the power went, is in the directory when it comes back`, { skip }, async () => {
    await start(who).report;
    await cut(DIRECTORY);
    const one = await sendForReceipt(recipient, { subject: `For ${who}` }, services.env.LETTERBOX_SEND);
    const { letters } = await start(who, { expect: [`For ${who}`] }).report;
    assert.deepEqual(letters.map(keptOf), [one]);
  });
}

test("somebody who enrols while the power goes has a mailbox all the same", { skip }, async () => {
  const ann = start("ann2");
  // It has its keys and is about to sign in.
  await ann.code;
  await cut(DIRECTORY);
  assert.deepEqual((await ann.report).letters, []);
});

test("a log that a body saw before the power went is the log that goes on, for everybody", { skip }, async () => {
  // The command remembers the head that it saw: one that went back would be refused.
  const before = await sendForReceipt(PAUL, { subject: "Before" }, services.env.LETTERBOX_SEND);
  await cut(DIRECTORY);
  await cut(RELAY);
  const after = await sendForReceipt(PAUL, { subject: "After" }, services.env.LETTERBOX_SEND);
  const { letters } = await start("paul", { expect: ["After"] }).report;
  assert.deepEqual(letters.slice(0, 2).map(keptOf), [after, before]);
  for (const name of [RELAY, DIRECTORY]) assert.ok(await services.isHealthy(name), name);
});

test("both services end in order, and what they leave is whole", { skip }, async () => {
  for (const name of [RELAY, DIRECTORY]) await endsWhole(services, name, `seed ${SEED}`);
});
