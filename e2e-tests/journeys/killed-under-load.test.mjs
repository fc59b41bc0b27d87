// Relay and directory are ended as a crash ends them, again and again, at moments that a seed determines,
// while several public bodies send letters and files, a device follows and people enrol. What was acknowledged is
// there, once, and whoever looks at the stores finds them whole.
//
// `LETTERBOX_SEED` makes the same moments again, `LETTERBOX_KILLS` is the number of them (20).

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { digestOf } from "../support/files.mjs";
import { counter, dice, sendAll } from "../support/load.mjs";
import { endsWhole, isWhole } from "../support/resting.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";

const SEED = Number(process.env.LETTERBOX_SEED ?? Math.floor(Math.random() * 2 ** 32));
const KILLS = Number(process.env.LETTERBOX_KILLS ?? 20);
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const LAST = "The last letter";
const PAPER = { name: "Pàipear.pdf", content: randomBytes(200_000) };
// So often somebody looks at what a crash left, before the service is started again.
const LOOKS = 5;
const ENROLLING = {
  mairi: person("Màiri", "MacDonald", "1985-03-14", "EH1 1AA"),
  ann: person("Ann", "Murray", "1990-06-15", "IV1 1AA"),
  ann2: person("Ann", "Murray", "1990-06-15", "DD1 4HN"),
  noaddr: person("Calum", "Fraser", "1999-09-09"),
};

let folder;
let services;
before(async () => {
  console.log(`seed ${SEED}`);
  folder = mkdtempSync(join(tmpdir(), "letterbox-load-"));
  writeFileSync(join(folder, PAPER.name), PAPER.content);
  services = await startServices(join(folder, "data"));
});
after(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true });
});

const start = (who, more = {}) => device(who, { state: join(folder, `${who}.json`), within: 150, env: services.env, ...more });

// Who was told that there is a mailbox, in this order.
const enrolled = [];
let letters;
// The subjects of the letters that came with the file.
let withFile;

// Ends a service as a crash does, and starts it again.
async function crash(name, isLookedAt) {
  await services.end(name, "SIGKILL");
  if (isLookedAt) await isWhole(services, name, `seed ${SEED}`);
  await services.start(name);
}

test("every letter that has a receipt is listed and opens, once, however often relay and directory go down", async () => {
  const paul = start("paul", { expect: [LAST] });
  await paul.listening;

  const events = counter();
  const { LETTERBOX_SEND: command } = services.env;
  const commands = [command, command, services.addBody("second-council"), services.addBody("third-council")];
  // Of each body's letters some are tried again by the command, and some by whoever calls it.
  const tries = (place) => (place % 2 === 0 ? 5 : 1);
  const sending = sendAll(commands, PAUL, { state: join(folder, "sender"), tries, events, file: join(folder, PAPER.name) });
  const enrolling = (async () => {
    for (const who of Object.keys(ENROLLING)) {
      await start(who).report;
      enrolled.push(who);
      events.count("enrolled");
    }
  })();
  enrolling.catch(() => {});
  // Whatever is waited for: what goes wrong meanwhile is said at once.
  const failed = Promise.race([sending.failed, enrolling.then(() => new Promise(() => {})), paul.report.then(() => { throw new Error("the device ended too soon"); })]);
  failed.catch(() => {});
  const sooner = (event) => Promise.race([event, failed]);

  const roll = dice(SEED);
  const one = (list) => list[Math.floor(roll() * list.length)];
  const crashes = { [RELAY]: 0, [DIRECTORY]: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sooner(events.more(one(["receipt", "begun"]), 1 + Math.floor(roll() * 6)));
    const names = one([[RELAY], [DIRECTORY], [RELAY, DIRECTORY]]);
    for (const name of names) crashes[name] += 1;
    await Promise.all(names.map((name) => crash(name, kill % LOOKS === LOOKS - 1)));
  }
  await sooner(events.more("receipt", commands.length));
  await sooner(enrolling);
  await sending.stop();
  assert.ok(crashes[RELAY] > 0 && crashes[DIRECTORY] > 0, `seed ${SEED} ended one of them only`);

  const last = await sendForReceipt(PAUL, { subject: LAST }, command);
  withFile = sending.withFile;
  letters = [...sending.letters, { ...keptOf(last), subject: LAST, times: 1 }];
  isThereOnce(await paul.report);
});

// What a device has is what the senders have receipts for: each letter once, and no other.
function isThereOnce({ letters: had, unopened, not_filed }) {
  assert.deepEqual([unopened, not_filed], [[], 0], `seed ${SEED}`);
  const named = ({ letter_id, subject }) => `${letter_id} ${subject}`;
  assert.deepEqual(had.map(named).sort(), letters.map(named).sort(), `seed ${SEED}`);
  const first = new Map(had.map((letter) => [letter.letter_id, keptOf(letter)]));
  // Of a letter that was sent again the device shows the first that came, which may be one whose receipt
  // was lost on the way.
  for (const { subject, times, ...kept } of letters) {
    if (times === 1) assert.deepEqual(first.get(kept.letter_id), kept, `${subject}, seed ${SEED}`);
  }
}

test("a device that makes its list anew has the same letters, and saves every file as it was sent", async () => {
  const report = await start("paul", { anew: true, expect: withFile, save: join(folder, "saved") }).report;
  isThereOnce(report);
  assert.ok(withFile.length > 0, `seed ${SEED}`);
  const saved = report.saved.map(({ subject, name, sha256 }) => `${subject} ${name} ${sha256}`);
  const sent = withFile.map((subject) => `${subject} ${PAPER.name} ${digestOf(PAPER.content)}`);
  assert.deepEqual(saved.sort(), sent.sort(), `seed ${SEED}`);
});

test("everybody who was told so has a mailbox in the directory, and letters reach it", async () => {
  assert.deepEqual(enrolled, Object.keys(ENROLLING));
  for (const [who, recipient] of Object.entries(ENROLLING)) {
    const subject = `For ${who}`;
    const kept = await sendForReceipt(recipient, { subject }, services.env.LETTERBOX_SEND);
    const { letters: had } = await start(who, { expect: [subject] }).report;
    assert.deepEqual(had.map(keptOf), [kept], `${who}, seed ${SEED}`);
  }
});

test("both services are healthy afterwards, and nothing in their logs is an error", async () => {
  for (const name of [RELAY, DIRECTORY]) {
    assert.ok(await services.isHealthy(name), `${name}, seed ${SEED}`);
    assert.doesNotMatch(services.log(name), / ERROR |panicked/, `${name}, seed ${SEED}`);
  }
  const { code } = await attempt(person("Nobody", "Here", "1990-01-01"), {}, services.env.LETTERBOX_SEND);
  assert.equal(code, 10);
});

test("both services end in order, and what they leave is whole", async () => {
  for (const name of [RELAY, DIRECTORY]) await endsWhole(services, name, `seed ${SEED}`);
});
