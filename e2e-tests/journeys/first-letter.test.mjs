// The whole path with the real processes: a person sets up a mailbox, a public body writes, the
// letter is read; and what must not happen on the way.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { ORIGIN, launch, openPage, press, ready, shows, typePassphrase, watch } from "../support/browser.mjs";
import { timesKept } from "../support/canary.mjs";
import { lookAt } from "../support/looking.mjs";
import { writesDown } from "../support/recovery.mjs";
import { answer, begin, goToScotAccount, throughScotAccount } from "../support/scotaccount.mjs";
import { MAIRI, send } from "../support/sender.mjs";

const PASSPHRASE = "harbour violin seventeen moss";
const CANARY = `canary-${randomUUID()}`;
const SUBJECT = `Your council tax ${CANARY}`;
const TEXT = `Dear Ms MacDonald,

your council tax is **£1,240**. The secret word is ${CANARY}.

# What you need to do

Pay at [our site](https://pay.council.example/council-tax).

## If you cannot pay

Please tell us early.
`;

let browser;
// One enrolled device serves most of the tests, in the order in which they stand here.
let mairi;

before(async () => {
  browser = await launch();
  mairi = await openPage(browser);
});
after(async () => {
  await browser.close();
});

test("somebody who cancels at ScotAccount is told so and can go on", async () => {
  const { context, page, wrong } = await openPage(browser);
  await begin(page, PASSPHRASE);
  await goToScotAccount(page);
  await answer(page, "mairi", "cancel");
  await page.locator('[data-problem="SignInCancelled"]').waitFor();
  assert.equal(page.url(), `${ORIGIN}/`);
  await lookAt(page, "journey-cancelled");
  await press(page, "start-again");
  await shows(page, "start");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an answer that belongs to no sign-in of this device is not used, and not left in the address", async () => {
  const { context, page, wrong } = await openPage(browser, { path: "/signed-in?code=stolen&state=unknown" });
  await page.locator('[data-problem="UnknownSignIn"]').waitFor();
  await shows(page, "start");
  assert.equal(page.url(), `${ORIGIN}/`);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("somebody whom ScotAccount cannot confirm gets no mailbox and is told why", async () => {
  const { context, page, wrong } = await openPage(browser);
  await begin(page, PASSPHRASE);
  await goToScotAccount(page);
  await throughScotAccount(page, "brian");
  await page.locator('[data-problem="NotConfirmed"]').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a sign-in that was begun is still there after loading the page again", async () => {
  const { context, page } = await openPage(browser);
  await begin(page, PASSPHRASE);
  await page.reload();
  await shows(page, "sign-in");
  await goToScotAccount(page);
  await context.close();
});

test("a person sets up a mailbox: passphrase, ScotAccount, passphrase again, recovery code on paper", async () => {
  const { page, wrong } = mairi;
  await shows(page, "start");
  await lookAt(page, "journey-start");
  await begin(page, PASSPHRASE);
  await lookAt(page, "journey-sign-in");
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "confirm");
  await lookAt(page, "journey-confirm");

  await typePassphrase(page, "not the passphrase");
  await page.locator('[data-problem="WrongPassphrase"]').waitFor();
  await typePassphrase(page, PASSPHRASE);
  await writesDown(page);
  await shows(page, "ready");
  await lookAt(page, "journey-ready");

  await press(page, "enter");
  await shows(page, "inbox");
  await page.getByText("You have no letters yet").waitFor();
  await lookAt(page, "journey-inbox-empty");
  assert.deepEqual(wrong, []);
});

test("a public body writes, and the letter appears without loading the page again", async () => {
  const { page, wrong } = mairi;
  await page.evaluate(() => {
    globalThis.isSamePage = true;
  });
  await send(MAIRI, { subject: SUBJECT, text: TEXT, more: ["--unit", "Revenues", "--summary", "Your council tax goes up."] });
  await page.locator("[data-letter]").waitFor();
  assert.equal(await page.evaluate(() => globalThis.isSamePage), true);
  const item = await page.locator("[data-letter]").innerText();
  for (const words of [SUBJECT, "Example Council", "Revenues"]) assert.ok(item.includes(words), words);
  await lookAt(page, "journey-inbox");
  assert.deepEqual(wrong, []);
});

// What the reader sees of the letter.
async function readsTheLetter(page) {
  await press(page, "read");
  await shows(page, "letter");
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), SUBJECT);
  assert.equal(await page.getByRole("heading", { level: 3, name: "What you need to do" }).count(), 1);
  assert.equal(await page.getByRole("heading", { level: 4, name: "If you cannot pay" }).count(), 1);
  assert.equal(await page.locator(".letterbox-letter__text strong").innerText(), "£1,240");
  const letter = await page.locator("[data-letter]").innerText();
  for (const words of ["Example Council", "Verified sender", "Your council tax goes up.", CANARY]) {
    assert.ok(letter.includes(words), words);
  }
  const link = page.getByRole("link", { name: "our site" });
  assert.equal(await link.getAttribute("href"), "https://pay.council.example/council-tax");
  assert.match(await link.innerText(), /pay\.council\.example/);
}

test("the letter is read: who sent it, what it says, with headings, emphasis and links", async () => {
  const { page, wrong } = mairi;
  await readsTheLetter(page);
  await lookAt(page, "journey-letter");
  await press(page, "close-letter");
  await shows(page, "inbox");
  assert.deepEqual(wrong, []);
});

test("after loading the page again it is locked; the passphrase, and no other, opens it", async () => {
  const { page, wrong } = mairi;
  await page.reload();
  await shows(page, "locked");
  assert.ok(!(await page.locator("body").innerText()).includes(CANARY));
  await lookAt(page, "journey-locked");
  await typePassphrase(page, "not the passphrase");
  await page.locator('[data-problem="WrongPassphrase"]').waitFor();
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await readsTheLetter(page);
  assert.deepEqual(wrong, []);
});

test("a second tab says that the mailbox is open in another, and does not disturb it", async () => {
  const { context, page, wrong } = mairi;
  const second = await context.newPage();
  watch(second, wrong);
  await second.goto(ORIGIN);
  await shows(second, "open-elsewhere");
  await lookAt(second, "journey-open-elsewhere");
  await press(second, "look-again");
  await shows(second, "open-elsewhere");
  await second.close();
  await shows(page, "letter");
  assert.deepEqual(wrong, []);
});

test("after locking, nothing readable is left in anything that the browser keeps for the page", async () => {
  const { page, wrong } = mairi;
  await press(page, "lock");
  await shows(page, "locked");
  for (const phrase of [CANARY, PASSPHRASE, "MacDonald"]) {
    assert.equal(await timesKept(page, phrase), 0, phrase);
  }
  assert.deepEqual(wrong, []);
});

test("a letter that comes while the mailbox is locked is there when it is opened", async () => {
  const { page, wrong } = mairi;
  await send(MAIRI, { subject: "A second letter", text: "Hello." });
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await page.locator("[data-letter]").nth(1).waitFor();
  assert.match(await page.locator("[data-letter]").first().innerText(), /A second letter/);
  assert.deepEqual(wrong, []);
});

test("on another device the same person is told that there is a mailbox already", async () => {
  const { context, page, wrong } = await openPage(browser);
  await begin(page, PASSPHRASE);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "enrolled-elsewhere");
  await lookAt(page, "journey-enrolled-elsewhere");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the first device was not disturbed by any of it", async () => {
  const { page, wrong } = mairi;
  await press(page, "lock");
  await ready(page);
  await shows(page, "locked");
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await page.locator("[data-letter]").nth(1).waitFor();
  assert.deepEqual(wrong, []);
});
