// Reading on a device that is not one's own: a letter is read there with the recovery code and a sign-in, and
// afterwards nothing of it is left, however the reading ended. The owner's own device says so, and goes on as if
// nothing had been.
//
// A browser's history keeps the address with ScotAccount's code, which was used once; that is not looked for.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { words } from "../support/catalogue.mjs";
import { MINUTE, takeClock } from "../support/clock.mjs";
import { drive } from "../support/driving.mjs";
import { asks, asksBelow, refusal } from "../support/exchange.mjs";
import { pdf, whereReadable } from "../support/files.mjs";
import { holdTimers } from "../support/held-timers.mjs";
import { clock } from "../support/process-clock.mjs";
import { encoded, profileIn } from "../support/profile.mjs";
import { codeOfNobody } from "../support/recovery-code.mjs";
import { MAIRI, send } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";
import { eventually } from "../support/stack.mjs";
import { read } from "../support/wire.mjs";

const PASSPHRASE = "harbour violin seventeen moss";
const NEW_PASSPHRASE = "lantern orchard forty thistle";
const CANARY = `canary-${randomUUID()}`;
const FILE = `canary-${randomUUID()}.pdf`;
const WHO = "mairi";

// A little more than a session lasts when nothing is asked.
const PAUSE = 16 * MINUTE;

let folder;
let services;
let between;
let directory;
let time;
let by;
let visiting;
let browser;
// The owner's own browser, and what stands on their sheet.
let owner;
let code;
// Every request to the relay, as it came.
const asked = [];
// What the directory gave for sessions: it is nowhere afterwards.
let tickets;
// The ends that sessions asked for by themselves.
let ends;
let sent = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-shared-"));
  time = clock(join(folder, "clock"));
  const environment = Object.fromEntries([RELAY, DIRECTORY].map((name) => [name, time.env]));
  services = await startServices(join(folder, "data"), { environment, between: true, betweenDirectory: true });
  between = await standBetween(services.env);
  directory = await standBetween(services.env, "DIRECTORY");
  between.hold({ matches: ({ method, url, headers }) => { asked.push({ method, url, headers }); return false; } });
  tickets = directory.alter({ matches: asks("POST", "/v1/sign-ins/session") });
  ends = between.alter({ matches: asks("DELETE", "/v1/session") });
  by = await drive(services);
  visiting = await import("../support/visiting.mjs");
  browser = await by.launch();
  owner = await by.openPage(browser);
  await setsUp();
});
after(async () => {
  await browser?.close();
  await services?.stop();
  await between?.stop();
  await directory?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function setsUp() {
  const { page } = owner;
  await by.begin(page, PASSPHRASE);
  await by.goToScotAccount(page);
  assert.equal(await by.throughScotAccount(page, WHO), "confirm");
  await by.typePassphrase(page, PASSPHRASE);
  code = await by.writesDown(page);
  await by.shows(page, "ready");
  await by.press(page, "enter");
  await writes();
  await page.locator("[data-letter]").waitFor();
  await locks();
}

// A public body writes, with a file.
async function writes() {
  sent += 1;
  const file = join(folder, FILE);
  writeFileSync(file, pdf(CANARY));
  await send(MAIRI, { subject: `Letter ${sent} ${CANARY}`, text: `Dear Ms MacDonald, the secret word is ${CANARY}.\n`, attach: [file] }, services.env.LETTERBOX_SEND);
}

async function locks() {
  await by.press(owner.page, "lock");
  await by.shows(owner.page, "locked");
}

async function opens(passphrase = PASSPHRASE) {
  await by.typePassphrase(owner.page, passphrase);
  await by.shows(owner.page, "inbox");
}

const notice = () => owner.page.locator('[data-sessions] [role="group"]');
const openNow = () => notice().filter({ hasText: "They are open there now." });

// The owner's list, as the settings have it, once it has so many.
async function listed(count) {
  const { page } = owner;
  await by.press(page, "settings");
  await by.shows(page, "settings");
  const items = page.locator("[data-session-list] li");
  if (count === 0) await page.getByText(words("sessions-none")).waitFor();
  else await items.nth(count - 1).waitFor();
  const said = await items.allInnerTexts();
  assert.equal(said.length, count, said.join("\n"));
  await by.press(page, "close-settings");
  return said;
}

async function reads(page, subject = "Letter 1") {
  await page.locator('[data-action="read"]', { hasText: subject }).click();
  await by.shows(page, "letter");
  assert.ok((await page.content()).includes(CANARY));
}

async function isOver(page, why) {
  await by.shows(page, "visit-over");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  assert.ok(!(await page.content()).includes(CANARY));
  const said = page.locator("[data-why-over]");
  if (why) assert.equal(await said.innerText(), words(why));
  else assert.equal(await said.count(), 0);
}

// What nobody may find who has the device afterwards. A group of the code alone would be found by chance.
const secrets = () => {
  const joined = code.replaceAll(" ", "");
  const texts = [CANARY, FILE, "MacDonald", code, joined, joined.toLowerCase(), ...[0, 2, 4, 6, 8].map((place) => code.split(" ").slice(place, place + 2).join(" "))];
  const given = tickets.exchanges.map(({ given: { status, content } }) => {
    assert.equal(status, 200, `${content}`);
    return Buffer.from(read(content)[0]).subarray(-32);
  });
  return [...texts.flatMap(encoded), ...given];
};

const newProfile = () => mkdtempSync(join(folder, "profile-"));

// A session in a browser that has seen the first screen and nothing else. `end` ends it while a letter is shown.
async function keepsNothing(end, prepare) {
  const profile = newProfile();
  const first = await visiting.opensProfile(profile);
  await by.shows(first.page, "start");
  await first.context.close();
  const before = await visiting.keptIn(profile);
  const opened = await visiting.opensProfile(profile);
  const { context, page } = opened;
  await by.shows(page, "start");
  const prepared = await prepare?.(page);
  await visiting.visits(page, code);
  await reads(page);
  await end({ context, page, profile, prepared });
  await context.close().catch(() => {});
  assert.deepEqual(await visiting.keptIn(profile), before);
  assert.deepEqual(whereReadable(profile, secrets()), []);
  return opened;
}

// The relay was told by the session itself, and has said that it is over.
async function hasEnded(before) {
  const last = await eventually("the session ends at the relay", () => ends.exchanges.at(before));
  assert.equal(last.given.status, 204);
}

test("a code that a page has stored would be found in its profile", async () => {
  const profile = newProfile();
  const { context, page } = await by.openPage(profileIn(profile));
  await by.shows(page, "start");
  const before = JSON.stringify(await page.evaluate(() => ({ ...localStorage })));
  await page.evaluate((typed) => localStorage.setItem("code", typed), code);
  await context.close();
  assert.ok(whereReadable(profile, encoded(code)).length > 0);
  assert.notEqual(JSON.stringify((await visiting.keptIn(profile)).storages[0]), before);
});

test("the code without a sign-in of its owner opens nothing, nor does a sign-in without the code", async () => {
  const { context, page } = await visiting.opensTabs(browser);
  await visiting.typesVisitCode(page, codeOfNobody());
  await by.isTold(page, "CodeUnknown");
  await by.press(page, "back");
  await visiting.typesVisitCode(page, code);
  await visiting.signsInBeside(page, "brian");
  await by.isTold(page, "OtherOwner");
  await by.shows(page, "visit-sign-in");
  assert.equal(await page.locator("[data-letter]").count(), 0);
  assert.ok(!asked.some(({ url }) => url.startsWith("/v1/recovery/session")), "the relay was not asked for a session");
  await context.close();
  await opens();
  assert.deepEqual(await listed(0), []);
  await locks();
});

test("a letter is read on a device that keeps nothing, closed by the button, and the relay takes nothing more", async () => {
  const before = ends.exchanges.length;
  asked.length = 0;
  const { wrong } = await keepsNothing(async ({ page }) => {
    const [listing] = asked.filter(({ method, url }) => method === "GET" && url.startsWith("/v1/mailbox/letters"));
    assert.deepEqual(await again(listing), { status: 401, code: "request-replayed" });
    // One that the relay has not seen, so that nothing speaks against it but the end of the session.
    const unseen = between.alter({ matches: asksBelow("GET", "/v1/mailbox/blobs/"), instead: () => ({ status: 400, headers: {}, content: Buffer.alloc(0) }) });
    await by.press(page, "save");
    await eventually("the file is asked for", () => unseen.exchanges.length > 0);
    const [{ asked: kept }] = unseen.exchanges;
    unseen.end();
    await by.press(page, "close-visit");
    await isOver(page);
    await hasEnded(before);
    assert.deepEqual(await again(kept), { status: 401, code: "signature-invalid" });
    await by.press(page, "first-screen");
    await by.shows(page, "start");
  });
  assert.deepEqual(wrong, []);
});

// A request that the session signed, once more, as somebody would who heard it.
async function again({ method, url, headers }) {
  const signed = ["content-digest", "signature-input", "signature"].map((name) => [name, headers[name]]);
  const answer = await fetch(new URL(url, services.env.LETTERBOX_RELAY_ORIGIN), { method, headers: Object.fromEntries(signed) });
  const content = await answer.text();
  const { status, code: why } = refusal({ status: answer.status, content });
  return { status, code: why };
}

test("when nobody does anything the reading is closed after five minutes, and nothing of it is kept", async () => {
  const before = ends.exchanges.length;
  await keepsNothing(
    async ({ page, prepared }) => {
      await prepared.passes(4 * MINUTE);
      await page.locator("[data-locks-soon]", { hasText: words("visit-ends-soon") }).waitFor();
      await prepared.endsAfter(MINUTE);
      await isOver(page, "visit-over-idle");
      await hasEnded(before);
    },
    takeClock,
  );
});

test("the owner is told once that it was opened and once that it was closed, and finds it in the list", async () => {
  const { context, page } = await visiting.opensTabs(browser);
  await visiting.visits(page, code);
  await opens();
  // The two that were closed before are told of now as well.
  await openNow().waitFor();
  await notice().nth(2).waitFor();
  assert.equal(await openNow().count(), 1);
  for (const said of await notice().locator("p").allInnerTexts()) {
    assert.match(said, /^Your letters were opened with your recovery code on another device on \d+ \w+ \d{4}, \d\d:\d\d\. They (are open there now|were closed there on \d+ \w+ \d{4}, \d\d:\d\d)\.$/);
  }
  await locks();
  await opens();
  await listed(3);
  assert.equal(await notice().count(), 0, "what was told is not told again");
  await locks();
  await by.press(page, "close-visit");
  await isOver(page);
  await opens();
  await notice().filter({ hasText: "closed there" }).waitFor();
  assert.equal(await notice().count(), 1);
  await by.press(owner.page, "session-was-me");
  await notice().waitFor({ state: "detached" });
  await locks();
  await opens();
  const said = await listed(3);
  assert.equal(said.filter((one) => one.includes(words("session-end-itself"))).length, 3, said.join("\n"));
  assert.equal(await notice().count(), 0);
  await locks();
  await context.close();
});

// The vault waits before it looks for news again.
async function readsUntilItWaits() {
  const { context, page } = await visiting.opensTabs(browser);
  await by.shows(page, "start");
  const timers = await holdTimers(page);
  await visiting.visits(page, code);
  await reads(page);
  await timers.wait();
  return { context, page, timers };
}

test("the owner ends it, and the other device shows nothing more at its next request", async () => {
  const { context, page, timers } = await readsUntilItWaits();
  await opens();
  await openNow().locator('[data-action="end-session"]').click();
  await notice().filter({ hasText: "closed there" }).waitFor();
  await timers.fireWait();
  await isOver(page, "visit-over-ended");
  const said = await listed(4);
  assert.equal(said.filter((one) => one.includes(words("session-end-device"))).length, 1, said.join("\n"));
  await locks();
  await context.close();
});

test("the owner's device goes on as before: what is new comes there as new, also what was read elsewhere", async () => {
  await writes();
  const { context, page } = await visiting.opensTabs(browser);
  await visiting.visits(page, code);
  await reads(page, "Letter 2");
  await by.press(page, "close-visit");
  await isOver(page);
  await context.close();
  await opens();
  await owner.page.locator("[data-letter]").nth(1).waitFor();
  await writes();
  // It is not shut out: it hears of what comes while it is open, and no alarm is raised.
  await owner.page.locator("[data-letter]").nth(2).waitFor();
  assert.equal(await owner.page.locator("[data-alarms]").innerText(), "");
  assert.deepEqual(owner.wrong, []);
  await locks();
});

test("who comes back with the code ends a session that reads, and the code was still the same", async () => {
  const { context, page, timers } = await readsUntilItWaits();
  const old = owner;
  owner = await by.openPage(browser);
  await by.shows(owner.page, "start");
  await by.goesToRecover(owner.page);
  await by.typesGoodCode(owner.page, code, NEW_PASSPHRASE);
  await by.goToScotAccount(owner.page);
  assert.equal(await by.throughScotAccount(owner.page, WHO), "confirm");
  await by.typePassphrase(owner.page, NEW_PASSPHRASE);
  const newCode = await by.writesDown(owner.page);
  await by.shows(owner.page, "ready");
  await by.press(owner.page, "enter");
  await owner.page.locator("[data-letter]").nth(2).waitFor();
  await timers.fireWait();
  await isOver(page, "visit-over-ended");
  // The code of before opens nothing any more.
  await by.press(page, "first-screen");
  await visiting.typesVisitCode(page, code);
  await by.isTold(page, "CodeUnknown");
  code = newCode;
  const said = await listed(6);
  assert.equal(said.filter((one) => one.includes(words("session-end-restart"))).length, 1, said.join("\n"));
  await locks();
  await context.close();
  await old.context.close();
});

test("a window that is closed by hand leaves nothing", () => keepsNothing(({ page }) => page.close()));

test("a browser that is killed leaves nothing", () => keepsNothing(({ context, profile }) => visiting.killsBrowser(context, profile)));

test("who goes back and forward again finds no letter, and nothing is left", async () => {
  await keepsNothing(async ({ page }) => {
    await page.goBack();
    assert.ok(!(await page.content()).includes(CANARY));
    await page.goForward();
    await page.locator(':is(html[data-screen="start"], html[data-screen="visit-over"])').waitFor();
    assert.ok(!(await page.content()).includes(CANARY));
  });
});

test("a session whose opening was answered to nobody is over at the relay before another is begun", async () => {
  const before = ends.exchanges.length;
  const { context, page } = await visiting.opensTabs(browser);
  const lost = between.alter({ matches: asks("POST", "/v1/recovery/session"), answer: () => ({ status: 503, content: Buffer.alloc(0) }) });
  await visiting.typesVisitCode(page, code);
  await visiting.signsInBeside(page, WHO);
  await by.isTold(page, "RelayUnreachable");
  await by.shows(page, "visit-sign-in");
  assert.equal(lost.exchanges.at(-1).given.status, 204, "it was open");
  lost.end();
  await hasEnded(before);
  await context.close();
});

test("a session that is ended while its opening is on its way is over at the relay all the same", async () => {
  const before = ends.exchanges.length;
  const { context, page } = await visiting.opensTabs(browser);
  await by.shows(page, "start");
  const clock = await takeClock(page);
  await visiting.typesVisitCode(page, code);
  const opening = between.hold({ matches: asks("POST", "/v1/recovery/session"), request: 0 });
  await visiting.signsInBeside(page, WHO);
  await opening.came;
  // By the steady clock alone: what is signed then is in time.
  const over = clock.endsAfter({ wall: 0, steady: 16 * MINUTE });
  const overtaking = await eventually("the end comes first", () => ends.exchanges.at(before));
  assert.equal(overtaking.given.status, 401, "there is nothing to be ended yet");
  opening.goOn();
  await over;
  await hasEnded(before + 1);
  await context.close();
});

test("what nobody could end is over at the relay a quarter of an hour later, and the owner sees it", async () => {
  await opens(NEW_PASSPHRASE);
  // The browser that was killed could say nothing.
  await openNow().first().waitFor();
  const now = await listed(11);
  assert.ok(now.some((said) => said.includes("They are open there now.")));
  await locks();
  time.set(`+${PAUSE / 1000}`);
  await owner.page.workers().at(-1).evaluate((ahead) => {
    const before = Date.now;
    Date.now = () => before.call(Date) + ahead;
  }, PAUSE);
  await opens(NEW_PASSPHRASE);
  await notice().first().waitFor();
  assert.equal(await openNow().count(), 0);
  const said = await listed(11);
  assert.deepEqual(said.filter((one) => one.includes("open there now")), []);
  assert.ok(said.some((one) => one.includes(words("session-end-time"))), said.join("\n"));
});
