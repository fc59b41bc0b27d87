// At home: the phone lies on the table, and somebody else picks it up. What locks by itself, when, what
// is left to read, and what the reader can choose. The clocks of the vault are in the test's hand; its
// program, its page and the services are the real ones.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadsAnewAfter } from "../support/anew.mjs";
import { MINUTE, takeClock } from "../support/clock.mjs";
import { whereReadable } from "../support/files.mjs";
import { encoded, profileIn } from "../support/profile.mjs";
import { records } from "../support/records.mjs";
import { MAIRI, send } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

// A person of its own: a stack of its own.
const stack = await startStack();
Object.assign(process.env, stack.env);
const { openPage, press, shows, typePassphrase } = await import("../support/browser.mjs");
const { timesKept } = await import("../support/canary.mjs");
const { lookAt } = await import("../support/looking.mjs");
const { readsSheet, typesBack } = await import("../support/recovery.mjs");
const { begin, goToScotAccount, throughScotAccount } = await import("../support/scotaccount.mjs");

const PASSPHRASE = "harbour violin seventeen moss";
const CANARY = `canary-${randomUUID()}`;
// What nobody else may read: the letter, the passphrase, whose mailbox it is.
const PRIVATE = [CANARY, PASSPHRASE, "MacDonald", "Màiri"];

let folder;
let mairi;
let code;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-profile-"));
  mairi = await openPage(profileIn(folder));
});
after(async () => {
  await mairi.context.close().catch(() => {});
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

// From the locked mailbox to the letter, with the clocks in the test's hand.
async function readsTheLetter(page) {
  await shows(page, "locked");
  const clock = await takeClock(page);
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await press(page, "read");
  await shows(page, "letter");
  assert.ok((await page.content()).includes(CANARY));
  return clock;
}

async function isLockedBecause(page, words) {
  await shows(page, "locked");
  await page.locator('[data-why-locked][role="status"]', { hasText: words }).waitFor();
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  for (const phrase of PRIVATE) assert.equal(await timesKept(page, phrase), 0, phrase);
}

const IDLE = "nothing was done here for a while";
const warning = (page) => page.locator('[data-locks-soon] [data-action="stay"]');

// The page goes out of sight, or comes back. A browser without a screen shows all its pages always.
const setHidden = (page, isHidden) =>
  page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { value: is, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, isHidden);

test("a recovery code that is left on the screen is locked away, and the passphrase shows it again", async () => {
  const { page, wrong } = mairi;
  await begin(page, PASSPHRASE);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "confirm");
  const clock = await takeClock(page);
  await typePassphrase(page, PASSPHRASE);
  code = await readsSheet(page);
  await clock.endsAfter(5 * MINUTE);
  await shows(page, "confirm");
  await page.locator("[data-why-locked]", { hasText: IDLE }).waitFor();
  for (const phrase of [code, ...code.split(" "), PASSPHRASE]) assert.equal(await timesKept(page, phrase), 0, phrase);
  await typePassphrase(page, PASSPHRASE);
  assert.equal(await readsSheet(page), code);
  await press(page, "written-down");
  await typesBack(page, code);
  await shows(page, "ready");
  await press(page, "enter");
  await send(MAIRI, { subject: `Your council tax ${CANARY}`, text: `Dear Ms MacDonald, the secret word is ${CANARY}.` }, stack.env.LETTERBOX_SEND);
  await page.locator("[data-letter]").waitFor();
  await page.reload();
  assert.deepEqual(wrong, []);
});

test("when nobody does anything, the reader is warned after four minutes and the mailbox locked after five", async () => {
  const { page, wrong } = mairi;
  const clock = await readsTheLetter(page);
  // The time since the last touch is more than that by as long as the test itself takes.
  assert.deepEqual(await clock.passes(3 * MINUTE), []);
  assert.equal(await warning(page).count(), 0);
  assert.deepEqual(await clock.passes(MINUTE), ["Event LocksSoon"]);
  await warning(page).waitFor();
  assert.ok((await page.content()).includes(CANARY));
  await clock.endsAfter(MINUTE);
  await isLockedBecause(page, IDLE);
  await lookAt(page, "journey-locked-by-itself");
  assert.deepEqual(wrong, []);
});

test("whoever says that they stay has the whole time again, more than ten times", async () => {
  const { page } = mairi;
  const clock = await readsTheLetter(page);
  for (let time = 0; time < 11; time += 1) {
    assert.deepEqual(await clock.passes(3 * MINUTE), []);
    assert.deepEqual(await clock.passes(MINUTE), ["Event LocksSoon"]);
    await warning(page).waitFor();
    await press(page, "stay");
    await warning(page).waitFor({ state: "detached" });
    // The page may move where the warning was, and tells so with its next picture: not after a minute of waiting.
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  }
  await shows(page, "letter");
  await clock.endsAfter(5 * MINUTE);
  await isLockedBecause(page, IDLE);
});

for (const [how, by] of [
  ["while its timers stood still", { wall: 5 * MINUTE, steady: 5 * MINUTE }],
  ["and its steady clock with it", { wall: 60 * MINUTE, steady: 0 }],
  ["and its calendar was set back", { wall: -24 * 60 * MINUTE, steady: 5 * MINUTE }],
]) {
  test(`a device that slept, ${how}, is locked by the first touch`, async () => {
    const { page } = mairi;
    const clock = await readsTheLetter(page);
    await clock.sleeps(by);
    await loadsAnewAfter(page, () => page.keyboard.press("Shift"));
    await isLockedBecause(page, IDLE);
  });

  test(`a device that slept, ${how}, is locked when the page comes into sight, which showed nothing`, async () => {
    const { page } = mairi;
    const clock = await readsTheLetter(page);
    await setHidden(page, true);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).opacity), "0");
    await clock.sleeps(by);
    await loadsAnewAfter(page, () => setHidden(page, false));
    await isLockedBecause(page, IDLE);
  });
}

test("what a script pretends keeps nothing open", async () => {
  const { page } = mairi;
  const clock = await readsTheLetter(page);
  await clock.passes(4 * MINUTE);
  await warning(page).waitFor();
  await page.evaluate(() => {
    for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "touchmove", "scroll", "click", "input"]) globalThis.dispatchEvent(name === "keydown" ? new KeyboardEvent(name, { key: "a" }) : new Event(name));
  });
  await clock.endsAfter(MINUTE);
  await isLockedBecause(page, IDLE);
});

test("a page that goes out of sight stays open unless the reader chose otherwise", async () => {
  const { page } = mairi;
  await readsTheLetter(page);
  await setHidden(page, true);
  await setHidden(page, false);
  await page.locator("html:not([data-covered])").waitFor();
  await shows(page, "letter");
  assert.ok((await page.content()).includes(CANARY));
  assert.ok(!("sealed/settings" in (await records(page))));
});

test("the reader chooses, and what was chosen holds after the page is loaded again", async () => {
  const { page, wrong } = mairi;
  await press(page, "close-letter");
  await press(page, "settings");
  await shows(page, "settings");
  await page.locator('label[for="idle-10"]').click();
  await page.locator('label[for="hidden"]').click();
  await press(page, "submit");
  await page.locator("[data-settled] p").waitFor();
  assert.ok("sealed/settings" in (await records(page)));
  await page.reload();
  const clock = await readsTheLetter(page);
  assert.deepEqual(await clock.passes(8 * MINUTE), []);
  assert.deepEqual(await clock.passes(MINUTE), ["Event LocksSoon"]);
  await loadsAnewAfter(page, () => setHidden(page, true));
  await isLockedBecause(page, "out of sight");
  assert.deepEqual(wrong, []);
});

test("a shorter time holds from the moment when it was chosen", async () => {
  const { page } = mairi;
  const clock = await readsTheLetter(page);
  await press(page, "close-letter");
  await press(page, "settings");
  await page.locator('label[for="idle-2"]').click();
  await press(page, "submit");
  await page.locator("[data-settled] p").waitFor();
  assert.deepEqual(await clock.passes(MINUTE), ["Event LocksSoon"]);
  await clock.endsAfter(MINUTE);
  await isLockedBecause(page, IDLE);
});

test("no answer but those with a hashed name may be stored", async () => {
  const { page } = mairi;
  for (const path of ["/", "/signed-in", "/trust.json"]) {
    assert.equal((await page.request.get(new URL(path, page.url()).href)).headers()["cache-control"], "no-store", path);
  }
});

test("the whole profile on the disk, of a mailbox that was read and locked itself, has nothing to read", async () => {
  const { context, page } = mairi;
  await shows(page, "locked");
  await context.close();
  assert.deepEqual(whereReadable(folder, [...PRIVATE, code].flatMap(encoded)), []);
});
