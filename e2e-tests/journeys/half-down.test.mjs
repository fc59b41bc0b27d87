// One of the two services is down while the other is up: what a public body, a device and a person in a
// browser are told, and that everything goes on by itself when the service is up again.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device, keptOf } from "../support/device.mjs";
import { drive } from "../support/driving.mjs";
import { MAIRI, attempt, person } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const PASSPHRASE = "harbour violin seventeen moss";

let folder;
let services;
let browser;
let by;
let mairi;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-half-"));
  services = await startServices(join(folder, "data"));
  by = await drive(services);
  browser = await by.launch();
  mairi = await by.openPage(browser);
});
after(async () => {
  await browser?.close();
  await services?.stop();
  rmSync(folder, { recursive: true });
});

const start = (who, more = {}) => device(who, { state: join(folder, `${who}.json`), within: 60, env: services.env, ...more });

// What is kept of each letter that has a receipt.
const kept = [];
async function send(recipient, subject) {
  const { code, printed } = await attempt(recipient, { subject, more: ["--json", "--tries", "2"] }, services.env.LETTERBOX_SEND);
  const { message, outcome, exit, ...receipt } = JSON.parse(printed);
  assert.equal(exit, code);
  if (code === 0) kept.push(keptOf(receipt));
  return { code, message };
}

// The browser's console says that there was no answer; nothing else may be wrong.
const isOtherThanDown = (line) => !/^console: Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)$/.test(line);
const nothingElseIsWrong = ({ wrong }) => assert.deepEqual(wrong.filter(isOtherThanDown), []);

const connection = (page) => page.locator("[data-connection]").getByText("There is no connection at the moment. You can read the letters that are here. We keep trying.");
const isConnected = (page) => connection(page).waitFor({ state: "detached", timeout: 90_000 });
const letter = (page, subject) => page.locator("[data-letter]").getByText(subject);

test("somebody who sets up a mailbox while the directory is down is told so, and goes on when it is up", async () => {
  const { begin, goToScotAccount, isTold, press, readsSheet, shows, throughScotAccount, typePassphrase, typesBack } = by;
  const { page } = mairi;
  await begin(page, PASSPHRASE);
  await services.end(DIRECTORY);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "sign-in");
  await isTold(page, "DirectoryUnreachable");
  await services.start(DIRECTORY);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "confirm");
  await typePassphrase(page, PASSPHRASE);

  const code = await readsSheet(page);
  await press(page, "written-down");
  await services.end(DIRECTORY);
  await typesBack(page, code);
  await isTold(page, "DirectoryUnreachable");
  assert.equal((await send(MAIRI, "To nobody")).code, 22);
  await services.start(DIRECTORY);
  assert.equal((await send(MAIRI, "To nobody")).code, 10, "nothing was published");
  await services.end(RELAY);
  await typesBack(page, code);
  await isTold(page, "RelayUnreachable");
  await services.start(RELAY);
  await typesBack(page, code);
  await shows(page, "ready");
  await press(page, "enter");
  await shows(page, "inbox");
  assert.equal((await send(MAIRI, "The first letter")).code, 0);
  await letter(page, "The first letter").waitFor();
  nothingElseIsWrong(mairi);
});

test("a device that enrols while a service is down has a mailbox when it is up again", async () => {
  for (const [who, name] of [["ann", DIRECTORY], ["ann2", RELAY]]) {
    await services.end(name);
    const { code, report } = start(who);
    await code;
    await services.start(name);
    assert.deepEqual((await report).letters, []);
  }
});

for (const [name, words] of [[RELAY, /the relay cannot be reached: .*Try again later/], [DIRECTORY, /the directory cannot be reached: .*Try again later/]]) {
  test(`a public body that sends while ${name} is down is told so with 22, and nothing is lost or doubled`, async () => {
    const paul = start("paul", { expect: [`After ${name}`] });
    await paul.listening;
    await services.end(name);
    const before = kept.length;
    const { code, message } = await send(PAUL, `While ${name} is down`);
    assert.equal(code, 22);
    assert.match(message, words);
    assert.equal(kept.length, before);
    await services.start(name);
    assert.equal((await send(PAUL, `After ${name}`)).code, 0);
    const { letters } = await paul.report;
    assert.deepEqual(letters.slice(0, 1).map(keptOf), kept.slice(-1));
    assert.deepEqual(letters.filter(({ subject }) => subject === `While ${name} is down`), []);
  });
}

test("while the relay is down the letters that are here can be read, and new ones come by themselves when it is up", async () => {
  const { press, shows, typePassphrase } = by;
  const { page } = mairi;
  await services.end(RELAY);
  await connection(page).waitFor();
  await press(page, "lock");
  await shows(page, "locked");
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await connection(page).waitFor();
  await press(page, "read");
  await shows(page, "letter");
  await press(page, "close-letter");
  await shows(page, "inbox");
  await services.start(RELAY);
  assert.equal((await send(MAIRI, "After the relay")).code, 0);
  await letter(page, "After the relay").waitFor({ timeout: 90_000 });
  await isConnected(page);
  nothingElseIsWrong(mairi);
});

test("while the directory is down the mailbox opens and is in touch with the relay, and letters come when it is up", async () => {
  const { press, shows, typePassphrase } = by;
  const { page } = mairi;
  await services.end(DIRECTORY);
  await press(page, "lock");
  await shows(page, "locked");
  const stream = page.waitForResponse((answer) => answer.url().includes("/events") && answer.status() === 200);
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await stream;
  assert.equal(await page.locator("[data-letter]").count(), 2);
  assert.equal((await send(MAIRI, "While the directory is down")).code, 22);
  await services.start(DIRECTORY);
  assert.equal((await send(MAIRI, "After the directory")).code, 0);
  await letter(page, "After the directory").waitFor();
  nothingElseIsWrong(mairi);
});

test("a device that was told to stay finds everything, in order, whichever was down", async () => {
  const { letters, unopened, not_filed } = await start("paul", { anew: true }).report;
  assert.deepEqual([unopened, not_filed], [[], 0]);
  assert.deepEqual(letters.map(({ subject }) => subject), [`After ${DIRECTORY}`, `After ${RELAY}`]);
});
