// A directory that lies to public bodies and to devices: about people, about bodies, about its own past.
// Every lie is found out with words that name it; nothing is sealed and nothing is believed on it; where it
// is honest again, letters are sent and read. The strongest liar signs everything rightly and tells two
// stories: a second real process with the same keys.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { device, keptOf } from "../support/device.mjs";
import { asks } from "../support/exchange.mjs";
import { forkDirectory } from "../support/fork.mjs";
import { record } from "../support/kept.mjs";
import { operators } from "../support/operators.mjs";
import { MAIRI, attempt, person, sendForReceipt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";
import { answers, read, rewritten, turned } from "../support/wire.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const DUNDEE = person("Ann", "Murray", "1990-06-15", "DD1 4HN");
const NOBODY = person("Eilidh", "Buchanan", "1991-02-03", "PH1 5AA");

const LOOKUP = asks("POST", "/v1/lookups");
const REGISTRY = asks("GET", "/v1/registry");
const ENTRIES = asks("POST", "/v1/entries");
const all = () => true;

// An answer to a lookup (LBX-DIR-7), and a citizen's proof in it.
const HEAD = 2, PERSON = 3, CITIZEN = 4, PERMITS = 5;
const CHAIN = 1, EVIDENCE = 2;

// What the browser asks for the addresses is loaded once they are known.
const stack = await startStack("--between-directory");
const directory = await standBetween(stack.env, "DIRECTORY");
Object.assign(process.env, stack.env);
const { reader } = await import("../support/reader.mjs");
const { LETTERBOX_SEND: SEND, LETTERBOX_DATA: DATA, LETTERBOX_DIRECTORY_BEHIND: BEHIND } = stack.env;

let folder;
let fork;
let mairi;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-hostile-directory-"));
});
after(async () => {
  await mairi?.stop();
  await fork?.stop();
  await stack.stop();
  await directory.stop();
  rmSync(folder, { recursive: true });
});

const stateOf = (name) => join(folder, `${name}.json`);
const start = (who, more = {}) => device(who, { state: stateOf(who), env: stack.env, ...more });
const bodies = operators(DATA);

// What the sender has kept of the letters to Paul.
const kept = [];
const hasAll = ({ letters, unopened, not_filed }) => assert.deepEqual([letters.map(keptOf).reverse(), unopened, not_filed], [kept, [], 0]);

// Sends Paul a letter while the directory lies. It is refused with these words, and nothing is sealed: no
// word of it says that it may have arrived, and in the end the mailbox has what was sent otherwise.
async function isCaught(how, words, { exit = 20, more = [] } = {}) {
  const lie = directory.alter(how);
  const { code, printed, said } = await attempt(PAUL, { subject: "On a lie", more: ["--tries", "1", ...more] }, SEND);
  lie.end();
  assert.deepEqual([code, printed], [exit, ""], said);
  assert.match(said, words);
  assert.doesNotMatch(said, /may have arrived/);
}

async function isHonestAgain(subject) {
  kept.push(keptOf(await sendForReceipt(PAUL, { subject }, SEND)));
  hasAll(await start("paul").report);
}

// What the directory answers while `does` asks it.
async function notes(matches, does) {
  const noted = directory.alter({ matches });
  await does();
  noted.end();
  return noted.exchanges.at(-1).given;
}

// What it answers about somebody to whom nothing has to arrive.
const about = async (recipient) => read((await notes(LOOKUP, () => attempt(recipient, {}, SEND))).content);

test("two people have mailboxes, and a letter is sent to one of them", async () => {
  for (const who of ["paul", "ann2"]) await start(who).report;
  await isHonestAgain("Before any lie");
});

// --- about people

const NOTHING = "Nothing was sealed: report this to whoever runs the directory";
const sealsNothing = (words) => new RegExp(`${words}.*${NOTHING}`);

test("every lie about a person is named, and nothing is sealed on it", async () => {
  const anns = await about(DUNDEE);
  const nobodys = await about(NOBODY);
  const citizen = (change) => (answer) => { change(answer[CITIZEN][1]); };
  const lies = {
    "somebody else's answer": [() => anns, "did not prove whom these details lead to"],
    "somebody else's keys": [(answer) => { answer[CITIZEN] = anns[CITIZEN]; }, "did not prove which keys this person has"],
    "no proof of the keys": [(answer) => { answer[CITIZEN] = null; }, "left out the proof of this person's keys"],
    "nobody, where somebody is listed": [(answer) => { answer[PERSON] = nobodys[PERSON]; answer[CITIZEN] = null; }, "did not prove whom these details lead to"],
    "no key, where there is one": [(answer) => { answer[CITIZEN] = [1, [nobodys[PERSON][1][0]]]; }, "did not prove which keys this person has"],
    "an altered proof of the person": [(answer) => { answer[PERSON][1][0][3] = turned(answer[PERSON][1][0][3]); }, "did not prove whom these details lead to"],
    "an altered proof of the keys": [citizen((proof) => { proof[0][9] = turned(proof[0][9]); }), "did not prove which keys this person has"],
    "a changed key": [citizen((proof) => { proof[CHAIN][0][0] = turned(proof[CHAIN][0][0], 400); }), "sent keys with a history that does not hold"],
    "somebody else's entry": [citizen((proof) => { proof[CHAIN] = anns[CITIZEN][1][CHAIN]; }), "sent keys with a history that does not hold|sent other keys than the ones it proved"],
    "no entry": [citizen((proof) => { proof[CHAIN] = []; }), "sent keys with a history that does not hold"],
    "somebody else's evidence": [citizen((proof) => { proof[EVIDENCE] = anns[CITIZEN][1][EVIDENCE]; }), "sent other evidence than the entry names"],
    "an altered head": [(answer) => { answer[HEAD][0] = turned(answer[HEAD][0], -10); }, "a signature on the directory's head does not hold"],
    "another epoch": [(answer) => { answer[HEAD][1][3] = turned(answer[HEAD][1][3]); }, "epoch is not the last one in its log"],
  };
  for (const [what, [change, words]] of Object.entries(lies)) {
    await isCaught({ matches: LOOKUP, ...answers(change) }, sealsNothing(words)).catch((error) => { throw new Error(what, { cause: error }); });
  }
  await isCaught({ matches: LOOKUP, answer: ({ content }) => ({ content: content.subarray(0, -1) }) }, sealsNothing("did not answer in its format"));
  await isCaught({ matches: LOOKUP, answer: () => ({ content: Buffer.alloc(3 << 20) }) }, /no honest answer: it was cut off/);
  await isCaught({ matches: LOOKUP, ...answers((answer) => { answer[PERMITS] = []; }) }, /gave no permit to deposit/);
  await isCaught({ matches: LOOKUP, ...answers((answer) => { answer[PERMITS] = [turned(answer[PERMITS][0])]; }) }, /the relay refused \(permit-invalid\)/, { exit: 21 });
  await isHonestAgain("After lies about people");
});

test("that nobody has these details is believed on a proof alone", async () => {
  const anns = await about(DUNDEE);
  const { code } = await attempt(NOBODY, {}, SEND);
  assert.equal(code, 10);
  for (const [change, words] of [
    [(answer) => { answer[PERSON] = anns[PERSON]; }, "did not prove whom these details lead to"],
    [(answer) => { answer[PERSON][1][0] = answer[PERSON][1][0].map((part) => (part instanceof Uint8Array ? turned(part) : part)); }, "did not prove whom these details lead to"],
  ]) {
    const lie = directory.alter({ matches: LOOKUP, ...answers(change) });
    const { code: exit, said } = await attempt(NOBODY, {}, SEND);
    lie.end();
    assert.equal(exit, 20, said);
    assert.match(said, sealsNothing(words));
  }
});

// --- about bodies, and about its past

// What the directory showed of bodies at first.
let past;

test("an older state than it showed before is refused by bodies and by devices", async () => {
  const people = await notes(LOOKUP, () => isHonestAgain("Before it grew"));
  past = await notes(REGISTRY, () => start("paul").report);
  bodies.add("health-board", BEHIND);
  await isHonestAgain("It grew");
  const older = /shows an older state than it showed before/;
  await isCaught({ matches: LOOKUP, instead: () => people }, older);
  await isCaught({ matches: REGISTRY, instead: () => past }, older);
  const lie = directory.alter({ matches: REGISTRY, instead: () => past });
  await assert.rejects(start("paul").report, older);
  lie.end();
  await isHonestAgain("After an older state");
});

test("every lie about public bodies is named, and no device or body takes it", async () => {
  const [council, board] = [0, 1];
  const entry = (place, change) => (registry) => { registry[1][place][0][0] = rewritten(registry[1][place][0][0], change); };
  const renamed = entry(council, (signed) => { signed[0] = turned(signed[0], 60); });
  const unapproved = (place) => ({ matches: REGISTRY, ...answers(entry(place, (signed) => { signed[1].pop(); })) });
  const lies = {
    "an altered entry": [renamed, /another entry of a public body than the one it proved/],
    "the proof of another body": [(registry) => { registry[1][council][1] = registry[1][board][1]; }, /did not prove that a public body is listed/],
    "a body without an entry": [(registry) => { registry[1][council][0] = []; }, /listed a public body without an entry/],
    "a body twice": [(registry) => { registry[1].push(registry[1][council]); }, /lists a public body twice/],
    "an altered head": [(registry) => { registry[0] = rewritten(registry[0], (head) => { head[0] = turned(head[0], -10); }); }, /a signature on the directory's head does not hold/],
  };
  for (const [what, [change, words]] of Object.entries(lies)) {
    const how = { matches: REGISTRY, ...answers(change) };
    await isCaught(how, words).catch((error) => { throw new Error(what, { cause: error }); });
    const lie = directory.alter(how);
    await assert.rejects(start("paul").report, words, what);
    lie.end();
  }
  // One that too few operators approved is out, and no other with it (LBX-BODY-8).
  await isCaught(unapproved(council), /not approved by 2 operators/);
  for (const place of [council, board]) {
    const lie = directory.alter(unapproved(place));
    hasAll(await start("paul").report);
    lie.end();
  }
  const another = directory.alter(unapproved(board));
  await isHonestAgain("While another body was left out");
  another.end();
  // A body that it leaves out: its own sender is told, and whoever knew it finds out.
  const leftOut = { matches: REGISTRY, ...answers((registry) => { registry[1].splice(council, 1); }) };
  await isCaught(leftOut, /the registry has no public body example-council: ask the operators to add it/, { exit: 25 });
  const lie = directory.alter(leftOut);
  await assert.rejects(start("paul").report, /left out a public body that it showed before/);
  lie.end();
  await isHonestAgain("After lies about bodies");
});

test("a device that never saw the body shows no letter of it, and shows it once the directory is honest", async () => {
  const who = "noaddr";
  const before = directory.alter({ matches: REGISTRY, ...answers((registry) => { registry[1] = []; }) });
  await start(who).report;
  const sent = await attempt(person("Calum", "Fraser", "1999-09-09"), { subject: "From somebody" }, SEND);
  before.end();
  // The sender was told of the lie about itself.
  assert.equal(sent.code, 25, sent.said);
  const letter = keptOf(await sendForReceipt(person("Calum", "Fraser", "1999-09-09"), { subject: "From somebody" }, SEND));
  const lie = directory.alter({ matches: REGISTRY, ...answers((registry) => { registry[1] = []; }) });
  await assert.rejects(start(who).report, /something that must not be: Unopenable \{ sequence: \d+, why: Sender\(Unknown\)/);
  lie.end();
  const { letters, unopened } = await start(who).report;
  assert.deepEqual([letters.map(keptOf), unopened], [[letter], []]);
});

test("a suspension that it hides is found out: the entry of before is not the one that it proves", async () => {
  const [, before] = read((await notes(REGISTRY, () => start("paul").report)).content);
  bodies.suspend("health-board", BEHIND);
  const hides = (registry) => { registry[1][1] = before[1]; };
  await isCaught({ matches: REGISTRY, ...answers(hides) }, /did not prove that a public body is listed/);
  const half = (registry) => { registry[1][1][0].pop(); };
  await isCaught({ matches: REGISTRY, ...answers(half) }, /another entry of a public body than the one it proved/);
  const lie = directory.alter({ matches: REGISTRY, ...answers(hides) });
  await assert.rejects(start("paul").report, /did not prove that a public body is listed|does not prove the entry of a public body/);
  lie.end();
  await isHonestAgain("After a hidden suspension");
});

// --- about the device's own entry

test("every lie about its own entry is named by a device", async () => {
  const lies = {
    "no way by the postcode": [(published) => { published[3] = null; }, /does not lead from this person's details to their entry/],
    "another way by the postcode": [(published) => { published[3] = published[2]; }, /did not prove whom these details lead to/],
    "another proof of the entry": [(published) => { published[1] = published[2]; }, /did not prove which keys this person has/],
    "another mailbox": [(published) => { published[4] = turned(published[4]); }, /changed the id of this person on the way/],
    "no head": [(published) => { published[0] = Buffer.alloc(0); }, /did not answer in its format/],
  };
  const had = record(stateOf("paul"), "enrolled");
  for (const [what, [change, words]] of Object.entries(lies)) {
    const lie = directory.alter({ matches: ENTRIES, ...answers(change) });
    await assert.rejects(start("paul").report, words, what);
    lie.end();
  }
  assert.ok(record(stateOf("paul"), "enrolled").equals(had));
  await isHonestAgain("After lies about the entry");
});

// --- two stories

test("a directory that forks is found out by whoever saw the other story, even with every signature right", async () => {
  mairi = await reader();
  fork = await forkDirectory(stack);
  // From here on the true one and the fork tell two stories; the fork's is the longer one.
  bodies.add("true-board", BEHIND);
  await isHonestAgain("The true story goes on");
  for (const id of ["one-board", "two-board", "three-board"]) bodies.add(id, fork.origin);

  const to = fork.origin;
  // It says itself that it does not know the log that it is asked for.
  await isCaught({ matches: all, to }, /the directory refused \(unknown-log\)/);
  // It says nothing of that.
  const forgets = { matches: REGISTRY, to, request: ({ url }) => ({ url: url.split("?")[0] }) };
  const forked = /shows a history that contradicts the one it showed before/;
  await isCaught(forgets, forked);
  const lie = directory.alter(forgets);
  await assert.rejects(start("paul").report, forked);
  lie.end();
  await isHonestAgain("After the fork");
});

test("who is shown the fork first believes it, and finds out as soon as the true story is told: both are told to nobody", async () => {
  // Without witnesses nothing else can be known at a first look (LBX-LOG-3): this is what they are for.
  await start("ann").report;
  const INVERNESS = person("Ann", "Murray", "1990-06-15", "IV1 1AA");
  const deceived = ["--state", join(folder, "deceived")];
  const lie = directory.alter({ matches: all, to: fork.origin });
  const absent = await attempt(INVERNESS, { more: deceived }, SEND);
  lie.end();
  assert.equal(absent.code, 10, absent.said);
  const { code, said } = await attempt(INVERNESS, { more: [...deceived, "--tries", "1"] }, SEND);
  assert.equal(code, 20, said);
  assert.match(said, /unknown-log|older state|contradicts/);
  // Whoever was not deceived sends the letter.
  await sendForReceipt(INVERNESS, { subject: "Not printed" }, SEND);
  assert.equal((await start("ann").report).letters[0].subject, "Not printed");
});

// --- what a person is told

const lies = {
  "contradicts what it showed before": ["DirectoryOtherHistory", () => ({ matches: REGISTRY, to: fork.origin, request: ({ url }) => ({ url: url.split("?")[0] }) })],
  "shows an older state": ["DirectoryOtherHistory", () => ({ matches: REGISTRY, instead: () => ({ ...past, headers: { ...past.headers, "access-control-allow-origin": stack.env.LETTERBOX_CLIENT_ORIGIN } }) })],
  "leads their details elsewhere": ["DirectoryOtherKeys", () => ({ matches: ENTRIES, ...answers((published) => { published[3] = null; }) })],
  "cannot prove what it says": ["DirectoryLied", () => ({ matches: ENTRIES, ...answers((published) => { published[1] = published[2]; }) })],
};

for (const [what, [problem, how]] of Object.entries(lies)) {
  test(`a person is told of a directory that ${what}, and gets their letters all the same`, async () => {
    await mairi.locks();
    const had = await mairi.letters.count();
    const lie = directory.alter(how());
    await mairi.opensAndListens();
    await mairi.isAlarmed(problem);
    lie.end();
    await sendForReceipt(MAIRI, { subject: `It ${what}` }, SEND);
    await mairi.page.getByRole("button", { name: `It ${what}`, exact: true }).waitFor();
    assert.ok((await mairi.letters.count()) > had);
    mairi.isClean();
  });
}

test("a person is told nothing of an honest directory", async () => {
  await mairi.locks();
  await mairi.opensAndListens();
  await mairi.isCalm();
});

test("a body that its operators suspended sends nothing and is told so", async () => {
  bodies.suspend("example-council", BEHIND);
  const { code, said } = await attempt(PAUL, { subject: "Not any more" }, SEND);
  assert.equal(code, 25);
  assert.match(said, /this public body is suspended in the registry: ask the operators why/);
  hasAll(await start("paul").report);
});
