// A public body's life, by the commands that its staff and two operators type: registered, sending, with a
// new key, suspended, and back. Each operator has a key of their own; an entry goes between them as a file.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { command, keysOf, succeeds } from "../support/commands.mjs";
import { device } from "../support/device.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const ID = "water-board";
const SENDER = { name: "Water Board", domain: "water.example" };

let folder;
let services;
let first;
let next;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-body-"));
  services = await startServices(join(folder, "data"));
  await paul();
  first = await keysOf(services.data, ID, "water");
  next = await keysOf(services.data, ID, "water-next");
});
after(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true });
});

const paul = () => device("paul", { state: join(folder, "paul.json"), env: services.env }).report;
const entry = (name) => join(folder, `${name}.entry`);
const operator = (number) => ["--operator-key", join(services.data, "keys", `operator-${number}`)];
const both = () => [...operator(1), ...operator(2)];
const at = () => ["--directory", services.env.LETTERBOX_DIRECTORY_ORIGIN];
const add = (keys, ...more) => ["body", "add", ...at(), "--id", ID, "--name", SENDER.name, "--domain", SENDER.domain, ...keys.map(({ key }) => `--key=${key}`), ...more];

async function isRefused(words, ...list) {
  const { code, said } = await command(DIRECTORY, ...list);
  assert.equal(code, 1, said);
  assert.match(said, words);
}

// The subjects of what was sent, the newest first.
const sent = [];
async function sends({ send }, subject) {
  await sendForReceipt(PAUL, { subject }, send);
  sent.unshift(subject);
}
async function sendsNothing({ send }, words) {
  const { code, said } = await attempt(PAUL, { subject: "Never sent" }, send);
  assert.equal(code, 25, said);
  assert.match(said, words);
}

async function paulHasAll({ suspended }) {
  const { letters, unopened, not_filed } = await paul();
  assert.deepEqual([letters.map(({ subject }) => subject), unopened, not_filed], [sent, [], 0]);
  for (const { sender, sender_is_suspended } of letters) assert.deepEqual([sender, sender_is_suspended], [SENDER, suspended]);
}

test("a body is registered by two operators, not by one, and not by one twice", async () => {
  await sendsNothing(first, /the registry has no public body water-board/);
  await isRefused(/2 operators approve an entry/, ...add([first], ...operator(1)));
  await succeeds(DIRECTORY, ...add([first], ...operator(1), "--out", entry("first")));
  await isRefused(/the directory refused/, "body", "submit", entry("first"), ...at());
  await succeeds(DIRECTORY, "body", "approve", entry("first"), ...operator(1));
  await isRefused(/the directory refused/, "body", "submit", entry("first"), ...at());
  await sendsNothing(first, /the registry has no public body water-board/);

  // The second one reads what it is before it counts.
  const read = await succeeds(DIRECTORY, "body", "approve", entry("first"), ...operator(2));
  for (const words of [ID, SENDER.name, SENDER.domain, first.key, "first entry"]) assert.ok(read.includes(words), read);
  assert.match(await succeeds(DIRECTORY, "body", "submit", entry("first"), ...at()), /has 1 entries/);
  await sends(first, "The first letter");
  await paulHasAll({ suspended: false });
});

test("another body cannot be registered with its key", async () => {
  const other = ["body", "add", ...at(), "--id", "other", "--name", "Other", "--domain", "other.example", `--key=${first.key}`, ...both()];
  await isRefused(/the directory refused/, ...other);
});

test("its key is replaced: both send while both are registered, then the former one sends nothing", async () => {
  await sendsNothing(next, /is not registered for this public body/);
  // Made before the change and sent after it: what was approved is not what is there any more.
  await succeeds(DIRECTORY, ...add([first], ...both(), "--out", entry("late")));
  assert.match(await succeeds(DIRECTORY, ...add([first, next], ...both())), /has 2 entries/);
  await isRefused(/the directory refused/, "body", "submit", entry("late"), ...at());
  await sends(first, "With the former key");
  await sends(next, "With the new key");
  assert.match(await succeeds(DIRECTORY, ...add([next], ...both())), /has 3 entries/);
  await sendsNothing(first, /is not registered for this public body/);
  await sends(next, "With the new key alone");
  await paulHasAll({ suspended: false });
});

test("suspended by two operators it sends nothing; what it had sent is read, and shown to be of a suspended body", async () => {
  // On its way when the body is suspended: the relay has it, no device does.
  await sends(next, "The last letter");
  await isRefused(/2 operators approve an entry/, "body", "suspend", ID, ...at(), ...operator(1));
  await sends(next, "One operator alone suspends nobody");
  await succeeds(DIRECTORY, "body", "suspend", ID, ...at(), ...both());
  await sendsNothing(next, /this public body is suspended in the registry: ask the operators why/);
  const listed = await succeeds(DIRECTORY, "body", "list", ...at());
  assert.match(listed, /water-board: Water Board \(water\.example\)\n {2}suspended/);
  assert.match(listed, /example-council: .*\n(?: {2}in Gaelic: .*\n)? {2}active/);
  await paulHasAll({ suspended: true });
});

test("registered anew it sends again", async () => {
  await succeeds(DIRECTORY, ...add([next], ...both()));
  await sends(next, "Back again");
  await paulHasAll({ suspended: false });
});
