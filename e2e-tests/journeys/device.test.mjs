// A device without a browser, and everything that the sender's command can come to with the real
// directory and the real relay.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { codeOfNobody, isCode, mistyped } from "../support/recovery-code.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const ANN = ["Ann", "Murray", "1990-06-15"];
const CALUM = person("Calum", "Fraser", "1999-09-09");

const LETTER = {
  subject: "Your council tax for 2027",
  text: "Dear Mr Wallis,\n\nyour council tax is **£1,240**.\n",
};

const KEYS = join(process.env.LETTERBOX_DATA ?? "", "body.keys");
const PROGRAM = process.env.LETTERBOX_SEND?.split(" send ")[0];

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-device-"));
});
after(() => {
  rmSync(folder, { recursive: true });
});
const stateOf = (who) => join(folder, `${who}.json`);

// What the device of this file's first person has in the end.
let had;

test("a device enrols, hears that a letter came, opens and verifies it, and files it", async () => {
  const paul = device("paul", { state: stateOf("paul"), expect: [LETTER.subject] });
  await paul.listening;
  const kept = await sendForReceipt(PAUL, { ...LETTER, more: ["--unit", "Revenues", "--summary", "It goes up."] });
  had = await paul.report;
  const [letter, ...more] = had.letters;
  assert.deepEqual(more, []);
  const { subject, text, unit, summary, sender, language } = letter;
  assert.deepEqual({ subject, text }, LETTER);
  assert.deepEqual({ unit, summary, language }, { unit: "Revenues", summary: "It goes up.", language: "en" });
  assert.deepEqual(sender, { name: "Example Council", domain: "council.example" });
  // The sender's evidence is about the letter that the reader has.
  assert.deepEqual(keptOf(letter), kept);
  assert.deepEqual([had.unopened, had.not_filed, had.with_postcode], [[], 0, true]);
});

test("a second run of the device goes on where the first one was", async () => {
  assert.deepEqual(await device("paul", { state: stateOf("paul") }).report, had);
});

test("a device that has lost its letters gets them back from the archive", async () => {
  assert.deepEqual(await device("paul", { state: stateOf("paul"), anew: true }).report, had);
});

test("a second device of the same person is told that there is a mailbox already", async () => {
  await assert.rejects(device("paul").report, /has a mailbox already/);
});

// The command says the same to people and to programs, and names nobody.
async function comesTo(recipient, { exit, outcome, words }, { letter = {}, command } = {}) {
  const plain = await attempt(recipient, letter, command);
  const json = await attempt(recipient, { ...letter, more: ["--json"] }, command);
  assert.deepEqual([plain.code, json.code], [exit, exit], plain.said);
  assert.match(plain.said, words);
  assert.deepEqual([plain.printed, json.said], ["", ""]);
  const told = JSON.parse(json.printed);
  assert.deepEqual([told.outcome, told.exit], [outcome, exit]);
  assert.match(told.message, words);
  const values = recipient.filter((_, place) => place % 2 === 1);
  for (const value of values) assert.ok(!plain.said.includes(value) && !json.printed.includes(value), value);
}

test("of somebody who has no mailbox it is proven, and the letter is to be printed", async () => {
  const nobody = person("Eilidh", "Buchanan", "1991-02-03", "PH1 5AA");
  await comesTo(nobody, { exit: 10, outcome: "no-mailbox", words: /print the letter/ });
});

test("another postcode or birth date leads to nobody, not to somebody like that", async () => {
  for (const other of [person("Paul", "Wallis", "1970-01-01", "G2 1AA"), person("Paul", "Wallis", "1970-01-02")]) {
    await comesTo(other, { exit: 10, outcome: "no-mailbox", words: /print the letter/ });
  }
});

test("two people of one name and birth date are told apart by the postcode, and by nothing else", async () => {
  for (const who of ["ann", "ann2"]) await device(who, { state: stateOf(who) }).report;
  await comesTo(person(...ANN), { exit: 13, outcome: "ambiguous", words: /ask again with the postcode/ });
  const kept = await sendForReceipt(person(...ANN, "DD1 4HN"), { subject: "For Dundee" });
  const inDundee = await device("ann2", { state: stateOf("ann2"), expect: ["For Dundee"] }).report;
  assert.deepEqual(inDundee.letters.map(keptOf), [kept]);
  assert.deepEqual((await device("ann", { state: stateOf("ann") }).report).letters, []);
});

// The command with a keys file of somebody else. Returns the command's first words.
function withKeys(name, { body = "example-council", deployment } = {}) {
  const file = join(folder, `${name}.keys`);
  deployment ??= readFileSync(KEYS, "utf8").match(/^deployment_key = "(.*)"$/m)[1];
  const trust = join(process.env.LETTERBOX_DATA, "trust.json");
  execFileSync(PROGRAM, ["keys", "new", file, "--body", body, "--trust", trust, `--deployment-key=${deployment}`]);
  return `${PROGRAM} send --keys ${file}`;
}

test("a key that no operator approved sends nothing", async () => {
  const expected = { exit: 25, outcome: "failed", words: /key of the keys file is not registered/ };
  await comesTo(PAUL, expected, { command: withKeys("stranger") });
});

test("a public body that no operator approved sends nothing", async () => {
  const expected = { exit: 25, outcome: "failed", words: /the registry has no public body other-council/ };
  await comesTo(PAUL, expected, { command: withKeys("other", { body: "other-council" }) });
});

test("a trust file that another deployment signed is not believed", async () => {
  const deployment = execFileSync(PROGRAM, ["keys", "public", KEYS], { encoding: "utf8" }).trim();
  const expected = { exit: 23, outcome: "failed", words: /trust file is of another deployment/ };
  await comesTo(PAUL, expected, { command: withKeys("misled", { deployment }) });
});

test("a letter that may not be sent is not sent", async () => {
  const letter = { text: "Pay at [our site](https://elsewhere.example/)." };
  await comesTo(PAUL, { exit: 24, outcome: "failed", words: /line 1/ }, { letter });
});

test("nothing of all that reached the mailbox", async () => {
  assert.deepEqual(await device("paul", { state: stateOf("paul") }).report, had);
});

const again = (who, recover, more = {}) => device("paul", { state: stateOf(who), recover, ...more }).report;

test("what is no code, and a code of no mailbox, bring nothing back", async () => {
  await assert.rejects(again("slip", mistyped(had.code)), /not a recovery code/);
  await assert.rejects(again("short", had.code.slice(0, -1)), /not a recovery code/);
  await assert.rejects(again("nobody", codeOfNobody()), /brings no mailbox back/);
});

test("somebody else who has the code cannot use it, and their own mailbox stays as it is", async () => {
  const anns = await device("ann2", { state: stateOf("ann2") }).report;
  const thief = device("ann2", { state: stateOf("thief"), recover: had.code });
  await assert.rejects(thief.report, /ended with 1/);
  assert.deepEqual(await device("ann2", { state: stateOf("ann2") }).report, anns);
  assert.deepEqual(await device("paul", { state: stateOf("paul") }).report, had);
});

test("a device that was lost is replaced with its code: every letter is there, and those that come", async () => {
  // As it is copied from paper in a hurry.
  const typed = had.code.toLowerCase().replaceAll(" ", "-");
  const { code, ...found } = await again("paul-again", typed);
  const { code: used, ...lost } = had;
  assert.deepEqual(found, lost);
  assert.ok(isCode(code) && code !== used);
  const kept = await sendForReceipt(PAUL, { subject: "For the new device" });
  const { letters } = await again("paul-again", typed, { expect: ["For the new device"] });
  assert.deepEqual(letters.map(keptOf), [kept, ...lost.letters.map(keptOf)]);
});

test("the device of before is refused, and so is its code", async () => {
  await assert.rejects(device("paul", { state: stateOf("paul") }).report, /ended with 1/);
  await assert.rejects(again("too-late", had.code), /brings no mailbox back/);
});

// With ScotAccount's call for a mailbox, on a stack of its own.
async function provided(who, look) {
  const stack = await startStack("--provide");
  try {
    const address = new URL("/sim/provision", stack.env.LETTERBOX_SCOTACCOUNT_ORIGIN);
    const body = who && new URLSearchParams({ person: who, client_id: "letterbox" });
    if (who) assert.equal((await fetch(address, { method: "POST", body })).status, 200);
    await look(stack);
  } finally {
    await stack.stop();
  }
}

test("a mailbox that ScotAccount had provided is not ready until its owner has opened it", async () => {
  await provided("noaddr", async ({ env }) => {
    const command = env.LETTERBOX_SEND;
    await comesTo(CALUM, { exit: 11, outcome: "not-ready", words: /has not opened it yet/ }, { command });
    const calum = device("noaddr", { expect: ["Now it is"], env });
    await calum.listening;
    const kept = await sendForReceipt(CALUM, { subject: "Now it is" }, command);
    const { letters, with_postcode } = await calum.report;
    assert.deepEqual([letters.map(keptOf), with_postcode], [[kept], false]);
  });
});

test("somebody for whom ScotAccount has a mailbox provided during the sign-in gets it at once", async () => {
  await provided(null, async ({ env }) => {
    assert.deepEqual((await device("paul", { env }).report).letters, []);
  });
});
