// Everything by keyboard: a mailbox is set up, a letter read, a file saved, the settings changed and the mailbox
// locked by Tab, Enter, Space, arrows and typing alone. At each step the focus is seen, and goes in the order in
// which the page is read.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { words } from "../support/catalogue.mjs";
import { isAtHeading, tabsTo, types, uses } from "../support/keyboard.mjs";
import { MAIRI, send } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

// A person of its own: a stack of its own.
const stack = await startStack();
Object.assign(process.env, stack.env);
const { ORIGIN, DESKTOP, launch, openPage, shows } = await import("../support/browser.mjs");
const { readsSheet } = await import("../support/recovery.mjs");

const PASSPHRASE = "harbour violin seventeen moss";
const SUBJECT = "Your council tax";
const FILE = "Cunntas chìsean.txt";
const CONTENT = "Bill of the year.\n".repeat(100);

let folder;
let browser;
let mairi;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-keyboard-"));
  writeFileSync(join(folder, FILE), CONTENT);
  browser = await launch();
  // What fades in has no look yet when it is looked at.
  mairi = await openPage(browser, { reducedMotion: "reduce" });
});
after(async () => {
  await browser?.close();
  await stack.stop();
  rmSync(folder, { recursive: true });
});

test("a passphrase is chosen, shown and hidden by keys", async () => {
  const { page } = mairi;
  await shows(page, "start");
  await uses(page, words("skip-to-content"));
  assert.equal(await page.evaluate(() => document.activeElement.id), "main-content");
  await uses(page, words("start-begin"));
  await shows(page, "choose-passphrase");
  await isAtHeading(page);
  await types(page, words("passphrase-label"), PASSPHRASE);
  await uses(page, words("passphrase-show"), { key: "Space" });
  const field = page.getByLabel(words("passphrase-label"), { exact: true });
  assert.equal(await field.getAttribute("type"), "text");
  await page.keyboard.press("Space");
  assert.equal(await field.getAttribute("type"), "password");
  await tabsTo(page, words("passphrase-label"), { back: true });
  await page.keyboard.press("Enter");
  await shows(page, "sign-in");
  await isAtHeading(page);
});

// Answers page after page of the stand-in, until ours asks for something.
async function throughScotAccount(page) {
  const asked = page.getByRole("button", { name: "Continue", exact: true });
  const back = page.locator('html[data-screen]:not([data-screen="starting"]):not([data-screen="returning"])');
  for (;;) {
    await asked.or(back).first().waitFor();
    // The page has a button of that name as well.
    if (new URL(page.url()).origin === ORIGIN) {
      await back.waitFor();
      return back.getAttribute("data-screen");
    }
    const person = page.getByRole("radio", { name: "Màiri MacDonald" });
    if (await person.count()) {
      await tabsTo(page, "Màiri MacDonald");
      // From one to the next and back: what the arrows reach is chosen.
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowUp");
      assert.ok(await person.isChecked());
    }
    await tabsTo(page, "Continue");
    await Promise.all([page.waitForURL((url) => url.origin === ORIGIN, { waitUntil: "commit" }), page.keyboard.press("Enter")]);
  }
}

test("the way through ScotAccount and back is gone by keys", async () => {
  const { page } = mairi;
  await tabsTo(page, words("sign-in-go-on"));
  await Promise.all([page.waitForURL((url) => url.origin !== ORIGIN), page.keyboard.press("Enter")]);
  assert.equal(await throughScotAccount(page), "confirm");
  await isAtHeading(page);
});

test("a slip of the finger leads to what went wrong, and from there to the field", async () => {
  const { page } = mairi;
  await types(page, words("passphrase-label"), "not the passphrase");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "error-summary");
  await uses(page, words("problem-wrong-passphrase"));
  await page.waitForFunction(() => document.activeElement.id === "passphrase");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press("Enter");
  await shows(page, "sheet");
  await isAtHeading(page);
});

test("the recovery code is written down and typed back by keys", async () => {
  const { page, wrong } = mairi;
  const groups = (await readsSheet(page)).split(" ");
  await uses(page, words("sheet-written-down"));
  await shows(page, "sheet-check");
  await isAtHeading(page);
  const [label] = words("sheet-check-group", { number: "#" }).split("#");
  const asked = (await page.getByRole("textbox").evaluateAll((fields) => fields.map((field) => field.labels[0].innerText))).map((text) => Number(text.replace(label, "")));
  assert.equal(asked.length, 2);
  for (const number of asked) await types(page, words("sheet-check-group", { number }), groups[number - 1]);
  await page.keyboard.press("Enter");
  await shows(page, "ready");
  await isAtHeading(page);
  await uses(page, words("ready-enter"));
  await shows(page, "inbox");
  await isAtHeading(page);
  assert.deepEqual(wrong, []);
});

test("a letter that comes moves no focus, and is opened, scrolled and read by keys", async () => {
  const { page } = mairi;
  await tabsTo(page, words("settings-open"));
  const text = "Dear Ms MacDonald,\n\nyour council tax goes up.\n\n".repeat(12);
  await send(MAIRI, { subject: SUBJECT, text, attach: [join(folder, FILE)] }, stack.env.LETTERBOX_SEND);
  await page.locator("[data-letter]").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.innerText), words("settings-open"));
  await uses(page, SUBJECT, { back: true });
  await shows(page, "letter");
  await isAtHeading(page);
  // Tab would meet a page that still moves.
  const hasMoved = page.evaluate(() => new Promise((resolve) => { addEventListener("scrollend", () => resolve(scrollY), { once: true }); }));
  await page.keyboard.press("PageDown");
  assert.ok(await hasMoved > 0);
  const details = page.locator("details").first();
  await uses(page, words("sender-how-title"), { key: "Space" });
  assert.ok(await details.evaluate(({ open }) => open));
  await page.keyboard.press("Enter");
  assert.ok(!(await details.evaluate(({ open }) => open)));
});

test("a file is saved by a key, and its button keeps the focus", async () => {
  const { page, wrong } = mairi;
  const name = `${words("attachment-save")} ${FILE}`;
  await tabsTo(page, name);
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Space")]);
  assert.equal(download.suggestedFilename(), FILE);
  assert.equal(readFileSync(await download.path(), "utf8"), CONTENT);
  await page.locator("[data-saved]").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), "save");
  await tabsTo(page, `${words("attachment-save-again")} ${FILE}`);
  const [again] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(readFileSync(await again.path(), "utf8"), CONTENT);
  await uses(page, words("letter-back"), { back: true });
  await shows(page, "inbox");
  await isAtHeading(page);
  assert.deepEqual(wrong, []);
});

test("the settings are changed by arrows and Space", async () => {
  const { page, wrong } = mairi;
  await uses(page, words("settings-open"));
  await shows(page, "settings");
  await isAtHeading(page);
  await tabsTo(page, "5 minutes");
  await page.keyboard.press("ArrowDown");
  assert.ok(await page.getByLabel("10 minutes", { exact: true }).isChecked());
  const hidden = page.getByRole("checkbox");
  await uses(page, words("settings-hidden"), { key: "Space" });
  assert.ok(await hidden.isChecked());
  await page.keyboard.press("Space");
  assert.ok(!(await hidden.isChecked()));
  await uses(page, words("settings-save"));
  await page.getByText(words("settings-saved")).waitFor();
  await uses(page, words("letter-back"), { back: true });
  await shows(page, "inbox");
  assert.deepEqual(wrong, []);
});

test("the language is changed by a key, and back, and the focus stays", async () => {
  const { page } = mairi;
  await uses(page, "Gàidhlig", { back: true });
  await page.locator('html[lang="gd"]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "English");
  await page.keyboard.press("Enter");
  await page.locator('html[lang="en"]').waitFor();
});

test("the mailbox is locked and opened by keys, on a large screen too", async () => {
  const { page, wrong } = mairi;
  await page.setViewportSize(DESKTOP);
  await uses(page, words("lock"), { back: true });
  await shows(page, "locked");
  await types(page, words("passphrase-label"), PASSPHRASE);
  await page.keyboard.press("Enter");
  await shows(page, "inbox");
  await isAtHeading(page);
  await tabsTo(page, SUBJECT);
  assert.deepEqual(wrong, []);
});
