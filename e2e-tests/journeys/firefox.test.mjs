// The same in another browser: in Debian's Firefox somebody sets up a mailbox, reads a letter, saves its file and
// locks. Where browsers differ there is a test: modules in workers, locks between tabs, the policy of the page,
// downloads, what is stored and when.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { words } from "../support/catalogue.mjs";
import { tryForbidden } from "../support/policy.mjs";
import { isCode } from "../support/recovery-code.mjs";
import { MAIRI, send } from "../support/sender.mjs";
import { eventually, startStack } from "../support/stack.mjs";

// A person of its own: a stack of its own.
const stack = await startStack();
Object.assign(process.env, stack.env);
const { firefox } = await import("../support/firefox.mjs");

const PASSPHRASE = "harbour violin seventeen moss";
const SUBJECT = "Your council tax";
const WORDS = "The secret word is heather.";
const FILE = "Cunntas chìsean.txt";
// More than one chunk.
const CONTENT = randomBytes(150_000);
const SCOTACCOUNT = stack.env.LETTERBOX_SCOTACCOUNT_ORIGIN;

let folder;
const start = (more, profile = "profile") => firefox({ profile: join(folder, profile), downloads: join(folder, "downloads"), more });

let browser;
let mairi;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-firefox-"));
  for (const name of ["profile", "other", "private", "downloads"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, FILE), CONTENT);
  browser = await start();
  mairi = await browser.open();
});
after(async () => {
  // One that was killed, and not started again, cannot be stopped.
  await browser?.stop().catch(() => {});
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

// Answers page after page of the stand-in, until ours asks for something.
async function throughScotAccount() {
  for (;;) {
    const now = await mairi.waits("the stand-in or the page asks", (origin) => {
      if (location.origin !== origin) {
        const screen = document.documentElement.dataset.screen;
        return screen && !["starting", "returning", "sign-in"].includes(screen) ? { screen } : null;
      }
      const request = document.querySelector('input[name="request"]')?.value;
      return request && { request, asksWho: document.querySelector('input[type="radio"]') !== null };
    }, SCOTACCOUNT);
    if (now.screen) return now.screen;
    if (now.asksWho) await mairi.click('label[for="person-mairi"]');
    await mairi.click('button[name="outcome"][value="continue"]');
    await mairi.waits("the stand-in was answered", (before) => document.querySelector('input[name="request"]')?.value !== before, now.request);
  }
}

test("the page and its vault start in Firefox, and nothing is blocked", async () => {
  await mairi.shows("start");
  assert.equal(await mairi.looks(() => crossOriginIsolated), true);
  mairi.isClean();
});

test("somebody sets up a mailbox: passphrase, ScotAccount, passphrase again, recovery code on paper", async () => {
  await mairi.press("begin");
  await mairi.shows("choose-passphrase");
  await mairi.types("#passphrase", PASSPHRASE, { sends: true });
  await mairi.shows("sign-in");
  await mairi.press("go-on");
  assert.equal(await throughScotAccount(), "confirm");
  assert.equal(await mairi.looks(() => location.pathname + location.search), "/");
  await mairi.types("#passphrase", PASSPHRASE, { sends: true });
  await mairi.shows("sheet");
  const groups = await mairi.waits("the sheet is there", () => {
    const shown = [...document.querySelectorAll("[data-group]")].map((group) => group.textContent.trim());
    return shown.length === 10 && shown;
  });
  assert.ok(isCode(groups.join(" ")));
  await mairi.press("written-down");
  await mairi.shows("sheet-check");
  for (const field of ["group-first", "group-second"]) {
    const [number] = (await mairi.textOf(`label[for="${field}"]`)).match(/\d+/);
    await mairi.types(`#${field}`, groups[Number(number) - 1]);
  }
  await mairi.press("submit");
  await mairi.shows("ready");
  await mairi.press("enter");
  await mairi.shows("inbox");
  mairi.isClean();
});

test("a letter appears by itself, and is read with its headings and who sent it", async () => {
  const text = `Dear Ms MacDonald,\n\nyour council tax is **£1,240**. ${WORDS}\n\n# What you need to do\n\nPay at [our site](https://pay.council.example/tax).\n`;
  await send(MAIRI, { subject: SUBJECT, text, attach: [join(folder, FILE)] }, stack.env.LETTERBOX_SEND);
  await mairi.press("read");
  await mairi.shows("letter");
  assert.equal(await mairi.textOf("h1"), SUBJECT);
  assert.equal(await mairi.textOf(".letterbox-letter__text strong"), "£1,240");
  assert.equal(await mairi.textOf(".letterbox-letter__text h3"), "What you need to do");
  const letter = await mairi.textOf("[data-letter]");
  for (const said of ["Example Council", words("sender-verified"), WORDS, "pay.council.example"]) assert.ok(letter.includes(said), said);
  mairi.isClean();
});

test("a file is saved under its name and to the last byte, and once more by its link", async () => {
  const saved = join(folder, "downloads", FILE);
  const isWhole = () => existsSync(saved) && readFileSync(saved).equals(CONTENT);
  await mairi.press("save");
  await mairi.waits("it is said to be saved", () => document.querySelector("[data-saved]") !== null);
  await eventually("the file is saved", isWhole);
  rmSync(saved);
  await mairi.press("save-again");
  await eventually("the file is saved once more", isWhole);
  await mairi.shows("letter");
  mairi.isClean();
});

test("a second tab says that the mailbox is open in another, and does not disturb it", async () => {
  const second = await browser.open();
  await second.shows("open-elsewhere");
  await second.press("look-again");
  await second.shows("open-elsewhere");
  second.isClean();
  await second.page.close();
  await mairi.page.bringToFront();
  await mairi.shows("letter");
  mairi.isClean();
});

test("the page cannot make another script or worker, nor HTML from text, and what it tries is told", async () => {
  const tab = await browser.open();
  await tab.shows("open-elsewhere");
  const refused = await tab.page.evaluate(tryForbidden);
  assert.deepEqual(Object.keys(refused), ["innerHTML", "eval", "Function", "worker", "policy", "again"]);
  for (const [name, outcome] of Object.entries(refused)) assert.notEqual(outcome, "allowed", name);
  // What watches the pages for such reports has heard these.
  await eventually("the policy's reports", () => tab.wrong.some((report) => report.startsWith("console: policy: ")));
  await tab.page.close();
  await mairi.page.bringToFront();
});

test("after locking nothing of the letter is on the page; the passphrase, and no other, opens it", async () => {
  await mairi.press("lock");
  await mairi.shows("locked");
  const left = await mairi.looks(() => document.documentElement.outerHTML);
  // Nor does the page say whose mailbox it is.
  for (const phrase of [SUBJECT, WORDS, PASSPHRASE, "Cunntas", "Màiri", "MacDonald"]) assert.ok(!left.includes(phrase), phrase);
  await mairi.types("#passphrase", "not the passphrase", { sends: true });
  await mairi.isTold("WrongPassphrase");
  await mairi.types("#passphrase", PASSPHRASE, { sends: true });
  await mairi.shows("inbox");
  await mairi.press("read");
  await mairi.shows("letter");
  assert.ok((await mairi.textOf("[data-letter]")).includes(WORDS));
  mairi.isClean();
});

test("a Firefox that is killed and started again is locked, and has the letter without the relay", async () => {
  await browser.kill();
  browser = await start();
  stack.pause("letterbox-server");
  try {
    mairi = await browser.open();
    await mairi.shows("locked");
    await mairi.types("#passphrase", PASSPHRASE, { sends: true });
    await mairi.shows("inbox");
    await mairi.press("read");
    await mairi.shows("letter");
    assert.ok((await mairi.textOf("[data-letter]")).includes(WORDS));
  } finally {
    stack.goOn("letterbox-server");
  }
});

test("a Firefox that is set to store nothing says so, and what to do", async () => {
  const strict = await start({ "network.cookie.cookieBehavior": 2 }, "other");
  try {
    const nobody = await strict.open();
    await nobody.shows("stopped");
    await nobody.isTold("NoStorage");
    assert.match(await nobody.textOf('[data-problem="NoStorage"]'), /leave private browsing/);
  } finally {
    await strict.stop();
  }
});

test("a private Firefox stores what was begun for as long as it is open, and nothing of it afterwards", async () => {
  // Every window of it is private.
  const inPrivate = () => start({ "browser.privatebrowsing.autostart": true }, "private");
  const first = await inPrivate();
  try {
    const nobody = await first.open();
    await nobody.shows("start");
    await nobody.press("begin");
    await nobody.shows("choose-passphrase");
    await nobody.types("#passphrase", PASSPHRASE, { sends: true });
    await nobody.shows("sign-in");
    // Loaded again it goes on from what is stored.
    await nobody.page.goto(stack.env.LETTERBOX_CLIENT_ORIGIN);
    await nobody.shows("sign-in");
  } finally {
    await first.stop();
  }
  const next = await inPrivate();
  try {
    const nobody = await next.open();
    await nobody.shows("start");
  } finally {
    await next.stop();
  }
});
