// The disk of a service fills up: what is new is refused in words that say to try later, what was
// acknowledged is there and can be read, and with more room everything goes on by itself.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { memory, obstacle } from "../support/mounts.mjs";
import { attempt, person } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";
import { eventually } from "../support/stack.mjs";

const MIB = 1 << 20;
// What each store leaves free, and what a letter may take beside it here.
const RESERVE = 64 * MIB;
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const MAIRI = person("Màiri", "MacDonald", "1985-03-14", "EH1 1AA");
// Nearly the longest letter.
const TEXT = "The bins are emptied on Tuesday.\n".repeat(1700);
const PLENTY = 256 * MIB;

const skip = obstacle();
const disks = {};
let folder;
let data;
let services;
before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "letterbox-full-"));
  data = join(folder, "data");
  disks[RELAY] = { place: join(data, "relay"), ...memory(join(data, "relay"), PLENTY) };
  disks[DIRECTORY] = { place: join(data, "directory"), ...memory(join(data, "directory"), PLENTY) };
  services = await startServices(data);
});
after(async () => {
  await services?.stop();
  for (const { unmount } of Object.values(disks)) await unmount();
  if (folder) rmSync(folder, { recursive: true });
});

const stateOf = (who) => join(folder, `${who}.json`);
const start = (who, more = {}) => device(who, { state: stateOf(who), within: 90, env: services.env, ...more });

// Leaves a service with so much room beyond its reserve, whatever it has in use; less than nothing is a
// part of the reserve.
function leave(name, bytes) {
  const { place, resize } = disks[name];
  const { blocks, bavail, bsize } = statfsSync(place);
  resize((blocks - bavail) * bsize + RESERVE + bytes);
}

// What is kept of each letter that has a receipt.
const kept = [];
let sent = 0;
async function send(recipient = PAUL) {
  sent += 1;
  const subject = `Letter ${sent}`;
  const { code, printed } = await attempt(recipient, { subject, text: TEXT, more: ["--json"] }, services.env.LETTERBOX_SEND);
  const { message, outcome, exit, ...receipt } = JSON.parse(printed);
  assert.equal(exit, code);
  if (code === 0) kept.push(keptOf(receipt));
  return { code, message, outcome, subject };
}

async function hasAll(who = "paul") {
  const { letters, unopened, not_filed } = await start(who, { anew: true }).report;
  assert.deepEqual([unopened, not_filed], [[], 0]);
  assert.deepEqual(letters.map(keptOf).reverse(), kept);
}

// The service lives, and says to its operator what is wrong.
async function saysThatItIsFull(name) {
  assert.deepEqual(await services.asks(name, "/healthz"), [200, "ok\n"]);
  const [status, words] = await eventually("the service is not ready", async () => {
    const [status, words] = await services.asks(name, "/readyz");
    return status !== 200 && [status, words];
  });
  assert.equal(status, 503);
  assert.match(words, /see the service's log/);
  await eventually("the log says why", () => /the readiness probe failed: .*no room left/.test(services.log(name)));
}

// What it said a moment ago it may say for a second more.
const isWellAgain = (name) => eventually(`${name} is ready again`, () => services.isHealthy(name));

test("letters are taken until the relay's disk is full; then the sender is told to try later", { skip }, async () => {
  await start("paul").report;
  leave(RELAY, MIB);
  let refused;
  do refused = await send(); while (refused.code === 0);
  assert.ok(kept.length > 3, `${kept.length} letters were taken`);
  assert.deepEqual([refused.code, refused.outcome], [21, "failed"]);
  assert.match(refused.message, /service-full.*try again later/i);
  assert.doesNotMatch(refused.message, /may have arrived/);
  await eventually("the log says why", () => /the disk of the store is down to its reserve: nothing is taken any more/.test(services.log(RELAY)));
});

test("the relay lives on with a full disk, and says that it is not ready and why", { skip }, async () => {
  await saysThatItIsFull(RELAY);
});

// What a device has stored.
const records = (who) => JSON.parse(readFileSync(stateOf(who), "utf8"));
const stored = (who) => Object.keys(records(who)).filter((name) => name.startsWith("letter/")).length;

test("with a full disk the relay gives every letter that it signed for, and with room they are filed", { skip }, async () => {
  const paul = start("paul");
  await eventually("every letter is fetched", () => stored("paul") === kept.length || !paul.isRunning());
  const id = services.id(RELAY);
  disks[RELAY].resize(PLENTY);
  const { letters, unopened, not_filed } = await paul.report;
  assert.deepEqual([unopened, not_filed], [[], 0]);
  assert.deepEqual(letters.map(keptOf).reverse(), kept);
  assert.equal(services.id(RELAY), id, "it was not started again");
});

test("with more room letters are taken again by themselves, and none is there twice", { skip }, async () => {
  assert.equal((await send()).code, 0);
  await hasAll();
  await isWellAgain(RELAY);
});

test("a relay that is started with a full disk starts, refuses, and goes on when there is room", { skip }, async () => {
  leave(RELAY, -MIB);
  await services.crash(RELAY);
  assert.equal((await send()).code, 21);
  await saysThatItIsFull(RELAY);
  disks[RELAY].resize(PLENTY);
  assert.equal((await send()).code, 0);
  await hasAll();
});

test("with a full disk the directory answers who looks a person up", { skip }, async () => {
  leave(DIRECTORY, -MIB);
  await saysThatItIsFull(DIRECTORY);
  assert.equal((await send()).code, 0);
  assert.equal((await send(MAIRI)).code, 10);
});

test("who enrols while the directory's disk is full waits, and has a mailbox when there is room", { skip }, async () => {
  leave(DIRECTORY, -MIB);
  const full = services.says(DIRECTORY, /down to its reserve/);
  const mairi = start("mairi");
  await full;
  assert.ok(!("enrolled" in records("mairi")), "nobody is enrolled on a full disk");
  disks[DIRECTORY].resize(PLENTY);
  assert.deepEqual((await mairi.report).letters, []);
  await isWellAgain(DIRECTORY);
  kept.length = 0;
  assert.equal((await send(MAIRI)).code, 0);
  await hasAll("mairi");
});
