// The clock of one of them is off by a day, ahead or behind: of a public body, of a device, of the relay, of
// the directory. Nobody is let in by it and nothing is lost; who is concerned is told so; and with the clock
// right again everything goes on. And what becomes at the relay, with time, of a file that nobody sends to its
// end.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { AHEAD, BEHIND, RIGHT, clock } from "../support/process-clock.mjs";
import { device, keptOf } from "../support/device.mjs";
import { drive } from "../support/driving.mjs";
import { blobs } from "../support/files.mjs";
import { MAIRI, attempt, person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";
import { eventually } from "../support/stack.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const ANN = person("Ann", "Murray", "1990-06-15", "IV1 1AA");
const OTHER_ANN = person("Ann", "Murray", "1990-06-15", "DD1 4HN");
const CALUM = person("Calum", "Fraser", "1999-09-09");
const PASSPHRASE = "harbour violin seventeen moss";
const OFF = { ahead: AHEAD, behind: BEHIND };
const MIB = 1 << 20;
// Longer than an upload waits for its next part (LBX-BLOB-5).
const LATER = "+2h";

const clocks = {};
let folder;
let services;
let between;
// Every request to the relay, as it came.
const asked = [];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-clock-"));
  for (const name of [RELAY, DIRECTORY, "sender", "device"]) clocks[name] = clock(join(folder, `${name}.clock`));
  const environment = Object.fromEntries([RELAY, DIRECTORY].map((name) => [name, clocks[name].env]));
  services = await startServices(join(folder, "data"), { environment, between: true });
  between = await standBetween(services.env);
  between.hold({ matches: ({ method, url, headers }) => { asked.push({ method, url, headers }); return false; } });
});
after(async () => {
  await between?.stop();
  await services?.stop();
  rmSync(folder, { recursive: true });
});

// Whatever a test before came to.
beforeEach(() => {
  for (const { set } of Object.values(clocks)) set(RIGHT);
});

const start = (who, more = {}) => device(who, { state: join(folder, `${who}.json`), env: services.env, ...more });
const withClockOf = (name) => ({ ...services.env, ...clocks[name].env });

// What is kept of each letter to Paul that has a receipt.
const kept = [];
let sent = 0;
async function send(recipient = PAUL, more = {}) {
  sent += 1;
  const { code, printed } = await attempt(recipient, { subject: `Letter ${sent}`, more: ["--json", "--tries", "2"], ...more }, services.env.LETTERBOX_SEND);
  const { message, outcome, exit, ...receipt } = JSON.parse(printed);
  if (code === 0 && recipient === PAUL) kept.push(keptOf(receipt));
  return { code, message };
}

async function hasAll() {
  const { letters, unopened, not_filed } = await start("paul").report;
  assert.deepEqual([unopened, not_filed], [[], 0]);
  assert.deepEqual(letters.map(keptOf).reverse(), kept);
}

test("with all clocks right a letter comes", async () => {
  await start("paul").report;
  assert.equal((await send()).code, 0);
  await hasAll();
});

for (const [how, offset] of Object.entries(OFF)) {
  test(`a public body whose clock is a day ${how} is told so and sends nothing; then it sends`, async () => {
    clocks.sender.set(offset);
    const { code, message } = await send(PAUL, { env: withClockOf("sender") });
    assert.equal(code, 20);
    assert.match(message, /clock/);
    await hasAll();
    clocks.sender.set(RIGHT);
    assert.equal((await send(PAUL, { env: withClockOf("sender") })).code, 0);
    await hasAll();
  });

  test(`a device whose clock is a day ${how} is told so, and loses nothing`, async () => {
    clocks.device.set(offset);
    await assert.rejects(start("paul", { env: withClockOf("device") }).report, /clock/);
    clocks.device.set(RIGHT);
    await hasAll();
  });
}

test("somebody who enrols on a device whose clock is wrong is told so and has no mailbox; with the clock right they have one", async () => {
  for (const [how, offset] of Object.entries(OFF)) {
    clocks.device.set(offset);
    const state = join(folder, `noaddr-${how}.json`);
    await assert.rejects(start("noaddr", { state, env: withClockOf("device") }).report, /clock/);
    assert.equal((await send(CALUM)).code, 10);
  }
  clocks.device.set(RIGHT);
  await start("noaddr", { env: withClockOf("device") }).report;
  assert.equal((await send(CALUM)).code, 0);
});

// A request that a device signed, once more, as somebody would who heard it.
async function again({ method, url, headers }) {
  const signed = ["content-digest", "signature-input", "signature"].map((name) => [name, headers[name]]);
  const answer = await fetch(new URL(url, services.env.LETTERBOX_RELAY_ORIGIN), { method, headers: Object.fromEntries(signed) });
  return [answer.status, (await answer.json()).code];
}

test("a relay whose clock is wrong lets nobody in, and takes no letter that nobody could open; with the clock right all is well", async () => {
  // Nothing came to her before, whose time a wrong clock could not go behind.
  await start("ann").report;
  for (const offset of Object.values(OFF)) {
    asked.length = 0;
    await hasAll();
    const listing = asked.find(({ method, url }) => method === "GET" && url.startsWith("/v1/mailbox/letters"));
    assert.deepEqual(await again(listing), [401, "request-replayed"]);

    clocks[RELAY].set(offset);
    await assert.rejects(start("paul").report, /401/);
    assert.deepEqual(await again(listing), [401, "request-out-of-time"]);
    const { code, message } = await send(ANN);
    assert.ok([21, 22].includes(code), `${offset}: ${code}`);
    assert.match(message, /clock/);

    clocks[RELAY].set(RIGHT);
    assert.deepEqual(await again(listing), [401, "request-replayed"]);
    const { letters, unopened } = await start("ann").report;
    assert.deepEqual([letters, unopened], [[], []]);
    assert.equal((await send()).code, 0);
    await hasAll();
  }
  assert.equal((await send(ANN)).code, 0);
  assert.equal((await start("ann").report).letters.length, 1);
});

test("a directory whose clock is wrong is found out by everybody, and enrols nobody; with the clock right all is well", async () => {
  for (const offset of Object.values(OFF)) {
    clocks[DIRECTORY].set(offset);
    const { code, message } = await send();
    assert.equal(code, 20);
    assert.match(message, /clock/);
    await assert.rejects(start("paul").report, /clock/);
    const fault = services.says(DIRECTORY, / ERROR /);
    const other = start("ann2");
    await fault;
    await other.kill();

    clocks[DIRECTORY].set(RIGHT);
    assert.equal((await send(OTHER_ANN)).code, 10);
    await hasAll();
  }
  await start("ann2").report;
  assert.equal((await send(OTHER_ANN)).code, 0);
});

test("a file that is never sent to its end stays when the relay starts again, and goes when it starts two hours later; a letter's stays", async () => {
  const file = join(folder, "Pàipear.pdf");
  writeFileSync(file, randomBytes(1.5 * MIB));
  assert.equal((await send(PAUL, { attach: [file] })).code, 0);
  const second = between.hold({ matches: ({ method, url }) => method === "PUT" && url.endsWith(`offset=${MIB}`), request: 0 });
  let id;
  const sending = attempt(PAUL, { subject: "Never sent", attach: [file], started: (process) => { id = process; } }, services.env.LETTERBOX_SEND);
  await Promise.race([second.came, sending.then(({ printed, said }) => { throw new Error(`nobody waited: ${said}${printed}`); })]);
  process.kill(id, "SIGKILL");
  await sending;
  second.goOn();
  const there = () => {
    const all = blobs(services.data);
    return [true, false].map((isPartial) => all.filter((blob) => blob.isPartial === isPartial).map(({ name }) => name).sort());
  };
  const [partial, adopted] = there();
  assert.deepEqual([partial.length, adopted.length], [1, 1]);

  await services.crash(RELAY);
  // It says so once it has looked at every file.
  await eventually("the files were looked at", async () => /^letterbox_blobs_without_row 0$/m.test((await services.asks(RELAY, "/metrics"))[1]));
  assert.deepEqual(there(), [partial, adopted]);

  clocks[RELAY].set(LATER);
  await services.crash(RELAY);
  await eventually("what nobody sent to its end is gone", () => there()[0].length === 0);
  assert.deepEqual(there(), [[], adopted]);
  clocks[RELAY].set(RIGHT);
  await hasAll();
});

test("in the browser, who cannot be served because of the relay's clock is told so, and letters come when it is right", async () => {
  const { launch, openPage, setsUp } = await drive(services);
  const browser = await launch();
  try {
    const { page } = await openPage(browser);
    await setsUp(page, PASSPHRASE);

    clocks[RELAY].set(AHEAD);
    await services.crash(RELAY);
    await page.locator("[data-alarms]").getByText("do not agree on the time").waitFor();
    clocks[RELAY].set(RIGHT);
    await page.locator("[data-connection]").getByText("There is no connection").waitFor({ state: "detached", timeout: 90_000 });
    const subject = "After the clock was right";
    await sendForReceipt(MAIRI, { subject }, services.env.LETTERBOX_SEND);
    await page.getByRole("button", { name: subject, exact: true }).waitFor();
  } finally {
    await browser.close();
  }
});
