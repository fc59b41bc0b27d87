// What an operator does when the disk is gone: both stores are put back from their backups, and people
// have their letters with their files, and get new ones.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device } from "../support/device.mjs";
import { blobs, digestOf } from "../support/files.mjs";
import { freeRow, startOn } from "../support/kept-stack.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const SUBJECT = "Your papers";
const WORDS = "Nothing in a backup can be read, and this line least of all.";
const PAPER = { name: "Pàipear.pdf", content: randomBytes(700_000) };
const SERVICES = {
  relay: { program: "letterbox-server", whole: /^mailboxes: 1$/m },
  directory: { program: "letterbox-keyserver", whole: /^entries of citizens: 1$/m },
};

let folder;
let data;
let first;
let running;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-backup-"));
  data = join(folder, "data");
  first = await freeRow();
  writeFileSync(join(folder, PAPER.name), PAPER.content);
});
after(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true });
});

const storeOf = (service) => join(data, service, "store");
const backupOf = (service) => join(folder, `${service}.backup`);

// What the stack around this journey says of itself would be taken for settings.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LETTERBOX_")));

// Runs an operator's command. Returns its exit code, what it printed, and what it said instead.
function command(service, ...words) {
  const program = join("target/debug", SERVICES[service].program);
  const config = join(data, `${service}.toml`);
  return new Promise((resolve) => {
    execFile(program, [...words, "--config", config], { env, encoding: "utf8" }, (error, printed, said) => {
      resolve({ code: error ? error.code : 0, printed, said });
    });
  });
}

async function succeeds(service, ...words) {
  const { code, printed, said } = await command(service, ...words);
  assert.equal(code, 0, `${service} ${words[0]}: ${said}${printed}`);
  return printed;
}

async function isWhole(service) {
  const printed = await succeeds(service, "fsck");
  assert.match(printed, SERVICES[service].whole);
  assert.match(printed, /The store is whole\./);
}

const paul = (name, more) => device("paul", { state: join(folder, "paul.json"), expect: [SUBJECT], save: join(folder, name), env: running.env, ...more });
const isSaved = ({ saved }) => assert.deepEqual(saved.map(({ name, sha256 }) => ({ name, sha256 })), [{ name: PAPER.name, sha256: digestOf(PAPER.content) }]);

// What Paul has before anything is lost.
let had;

test("while a service runs its store is neither looked at nor backed up", async () => {
  running = await startOn(data, first);
  const device = paul("first");
  await device.listening;
  await sendForReceipt(PAUL, { subject: SUBJECT, text: `${WORDS}\n`, attach: [join(folder, PAPER.name)] }, running.send);
  had = await device.report;
  isSaved(had);
  for (const service of Object.keys(SERVICES)) {
    const { code, said } = await command(service, "fsck");
    assert.equal(code, 2, said);
    assert.match(said, /already open/);
    assert.equal((await command(service, "backup", "--to", backupOf(service))).code, 1);
    assert.ok(!existsSync(backupOf(service)));
  }
  await running.stop();
  running = null;
});

test("both stores are whole, and their backups have no letter, no file and no key in the clear", async () => {
  const keys = readdirSync(join(data, "keys")).map((name) => readFileSync(join(data, "keys", name)).subarray(0, 40));
  const canaries = [Buffer.from(WORDS), PAPER.content.subarray(1000, 1100), ...keys];
  for (const service of Object.keys(SERVICES)) {
    await isWhole(service);
    const printed = await succeeds(service, "backup", "--to", backupOf(service));
    assert.ok(printed.includes(join(data, "keys", service === "relay" ? "relay-receipt" : "log")), printed);
    assert.equal(statSync(backupOf(service)).mode & 0o777, 0o600);
    const content = readFileSync(backupOf(service));
    for (const canary of canaries) assert.ok(!content.includes(canary), service);
    assert.equal((await command(service, "backup", "--to", backupOf(service))).code, 1, "a backup is never written over");
    assert.ok(readFileSync(backupOf(service)).equals(content));
  }
  // What is looked for can be found at all: the sealed file, as the relay has it, is in the relay's backup.
  const [sealed] = blobs(data);
  assert.ok(readFileSync(backupOf("relay")).includes(readFileSync(sealed.path).subarray(1000, 1100)));
});

test("damage is found, is not backed up, and a bad backup is not put back", async () => {
  const [sealed] = blobs(data);
  const content = readFileSync(sealed.path);
  writeFileSync(sealed.path, content.subarray(1));
  const { code, printed } = await command("relay", "fsck");
  assert.equal(code, 1);
  assert.match(printed, /^records whose file is missing or too short or long: 1$/m);
  assert.equal((await command("relay", "backup", "--to", join(folder, "damaged"))).code, 1);
  assert.ok(!existsSync(join(folder, "damaged")));
  writeFileSync(sealed.path, content);
  await isWhole("relay");

  for (const service of Object.keys(SERVICES)) {
    const whole = readFileSync(backupOf(service));
    // As if the disk were gone.
    renameSync(storeOf(service), join(folder, `${service}.lost`));
    const bad = join(folder, "bad");
    const other = service === "relay" ? "directory" : "relay";
    const altered = Buffer.from(whole);
    altered[altered.length >> 1] ^= 1;
    for (const content of [altered, whole.subarray(0, -1), whole.subarray(0, 10), Buffer.alloc(0), readFileSync(backupOf(other))]) {
      writeFileSync(bad, content);
      const { code, said } = await command(service, "restore", "--from", bad);
      assert.equal(code, 1, said);
      assert.ok(!existsSync(storeOf(service)));
      assert.deepEqual(readdirSync(join(data, service)), []);
    }
  }
});

test("put back, everything is there: the letter, its file, and a way for the next one", async () => {
  for (const service of Object.keys(SERVICES)) {
    assert.match(await succeeds(service, "restore", "--from", backupOf(service)), /Before it is started:/);
    assert.equal((await command(service, "restore", "--from", backupOf(service))).code, 1, "only into an empty place");
    await isWhole(service);
  }
  running = await startOn(data, first);
  // From the relay alone: what the device itself knew of its letters is forgotten first.
  const again = await paul("again", { anew: true }).report;
  isSaved(again);
  assert.deepEqual(again.letters, had.letters);
  const device = paul("next", { expect: ["After the loss"], save: undefined });
  await device.listening;
  await sendForReceipt(PAUL, { subject: "After the loss" }, running.send);
  const { letters, unopened, not_filed } = await device.report;
  assert.deepEqual([letters[0].subject, letters.slice(1), unopened, not_filed], ["After the loss", had.letters, [], 0]);
  await running.stop();
  running = null;
  for (const service of Object.keys(SERVICES)) await isWhole(service);
});
