// Letters that appear by themselves: while the mailbox is open, over a network that is cut or falls silent,
// after a device was away, and past a relay that leaves one out.
//
// The vault's timers are held (`support/held-timers.mjs`): nothing here waits, and when the vault asks again
// is seen by what reaches the relay's address.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { device } from "../support/device.mjs";
import { holdTimers } from "../support/held-timers.mjs";
import { clearTheFront, isOfDevice, standInFront, withoutFirst } from "../support/in-front.mjs";
import { garble, lose, records } from "../support/records.mjs";
import { MAIRI, person, send, sendForReceipt } from "../support/sender.mjs";
import { eventually, startStack } from "../support/stack.mjs";

const stack = await startStack("--between");
let between = await standBetween(stack.env);
Object.assign(process.env, stack.env);
const { launch, openPage, press, shows, typePassphrase } = await import("../support/browser.mjs");
const { lookAt } = await import("../support/looking.mjs");
const { setsUp } = await import("../support/enrolling.mjs");

const { LETTERBOX_SEND: SEND } = stack.env;
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const PASSPHRASE = "harbour violin seventeen moss";

const catalogue = readFileSync("client/catalogue/en.ftl", "utf8");
const says = (message) => catalogue.match(new RegExp(`^${message} = (.*)$`, "m"))[1];
const NOT_CONNECTED = says("connection-lost");
const A_LETTER_IS_MISSING = says("problem-relay-lied");

// The longest that each wait can be, and the part of it that chance may leave.
const WAITS = [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
const LEAST_PART = 1 / 4;

let folder;
let browser;
let mairi;
let page;
let clock;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-live-"));
  browser = await launch();
  mairi = await openPage(browser);
  page = mairi.page;
  await setsUp(page, PASSPHRASE);
  await opensAgain();
});
after(async () => {
  await browser?.close();
  await stack.stop();
  await between.stop();
  await clearTheFront();
  rmSync(folder, { recursive: true });
});

// Locks, and opens the mailbox again: with a vault whose timers are held, and after `meanwhile`.
async function opensAgain(meanwhile) {
  await press(page, "lock");
  await shows(page, "locked");
  await meanwhile?.();
  clock = await holdTimers(page);
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
}

// The browser itself reports what it cannot reach; nothing else may go wrong.
const isClean = () => assert.deepEqual(mairi.wrong.filter((report) => !report.startsWith("console: Failed to load resource")), []);

const writes = (subject) => send(MAIRI, { subject, text: "Hello.\n" }, SEND);
const letter = (subject) => page.locator("[data-letter]", { hasText: subject });
const appears = (subject) => letter(subject).waitFor();
const connection = () => page.locator('[role="status"][data-connection]');
const saysNotConnected = () => connection().filter({ hasText: NOT_CONNECTED }).waitFor();
const saysNothingOfIt = () => eventually("the page is connected again", async () => (await connection().textContent()) === "");
const alarms = () => page.locator('[role="alert"][data-alarms]');

// Every letter once, the newest first.
async function has(...subjects) {
  const shown = await page.locator('[data-letter] [data-action="read"]').allInnerTexts();
  assert.deepEqual(shown, subjects);
}

const isEvents = ({ method, url }) => method === "GET" && url.startsWith("/v1/mailbox/events");
const isList = ({ method, url }) => method === "GET" && url.startsWith("/v1/mailbox/letters");

// What devices ask from now on, preflights aside.
function watches() {
  const asked = [];
  const matches = ({ method, url }) => {
    if (method !== "OPTIONS" && isOfDevice({ url })) asked.push(`${method} ${url.split("?")[0]}`);
    return false;
  };
  between.hold({ matches });
  return asked;
}

// Cuts every connection to the relay: nobody is there.
async function cuts() {
  await between.stop();
  await saysNotConnected();
}

// Nobody but senders gets through: a device's connection breaks as soon as it asks.
const lettersOnly = () => standInFront(stack.env, { breaks: isOfDevice });

async function mends(front) {
  await front?.stop();
  between = await standBetween(stack.env);
}

test("a letter that comes while the mailbox is open appears, and nothing was pressed", async () => {
  await page.evaluate(() => addEventListener("click", () => { globalThis.wasPressed = true; }, { capture: true }));
  await writes("The first");
  await appears("The first");
  assert.equal(await page.evaluate(() => globalThis.wasPressed), undefined);
  assert.equal(await connection().textContent(), "");
  isClean();
});

test("a page that has not heard of the relay yet does not say that it is connected", async () => {
  const silent = between.hold({ matches: isEvents, answer: 0 });
  await opensAgain();
  await silent.came;
  assert.equal(await connection().getAttribute("data-connection"), "");
  silent.goOn();
  // It says nothing then: that all is well needs no words.
  await page.locator('[role="status"][data-connection="live"]').waitFor({ state: "attached" });
  isClean();
});

test("over a cut the page says so, waits longer with each try, and shows what came meanwhile", async () => {
  await cuts();
  await lookAt(page, "live-not-connected");
  const front = await lettersOnly();
  await writes("During the cut");
  for (const [tries, whole] of WAITS.entries()) {
    const wait = await clock.wait();
    assert.ok(wait >= whole * LEAST_PART && wait <= whole, `${wait} of ${whole} after ${tries} tries`);
    // Nothing is asked before its time, and then one thing.
    assert.equal(front.broken(), tries);
    assert.equal(await clock.fireWait(), wait);
    await eventually("a try", () => front.broken() > tries);
  }
  await clock.wait();
  assert.equal(front.broken(), WAITS.length);
  assert.equal(await letter("During the cut").count(), 0);

  await mends(front);
  await clock.fireWait();
  await appears("During the cut");
  await saysNothingOfIt();
  await has("During the cut", "The first");
  isClean();
});

test("after a connection that lasted, the first wait is short again", async () => {
  // The relay is heard of on the stream: from then on it counts.
  await writes("On the stream");
  await appears("On the stream");
  await cuts();
  const wait = await clock.wait();
  assert.ok(wait <= WAITS[0], `${wait}`);
  await mends();
  await clock.fireWait();
  await saysNothingOfIt();
});

test("a stream that ends as soon as it began does not make the waits short", async () => {
  await writes("Before the breaks");
  await appears("Before the breaks");
  await cuts();
  between = await standBetween(stack.env);
  const seen = [];
  for (const whole of WAITS.slice(0, 3)) {
    const stream = between.hold({ matches: isEvents, answer: 0 });
    seen.push([await clock.fireWait(), whole]);
    await stream.came;
    stream.goOn();
    // It has begun: the page is told so, and then it breaks.
    await saysNothingOfIt();
    await cuts();
    between = await standBetween(stack.env);
  }
  for (const [wait, whole] of seen) assert.ok(wait >= whole * LEAST_PART && wait <= whole, `${wait} of ${whole}`);
  await clock.fireWait();
  await saysNothingOfIt();
  await has("Before the breaks", "On the stream", "During the cut", "The first");
});

// A stream that begins and then says no more, although its connection stands. Its first line says at which
// letter the mailbox is: all of them are shown.
async function fallsSilent() {
  const last = await page.locator("[data-letter]").count();
  await cuts();
  between = await standBetween(stack.env);
  const silent = between.hold({ matches: isEvents, answer: JSON.stringify({ event: "start", last }).length + 1 });
  await clock.fireWait();
  await saysNothingOfIt();
  return silent;
}

test("a stream that falls silent is given up, and what it did not tell appears", async () => {
  const silent = await fallsSilent();
  await writes("Into the silence");
  await silent.came;
  assert.equal(await letter("Into the silence").count(), 0);
  assert.equal(await connection().textContent(), "");
  // Three signs of life did not come.
  await clock.fireSilence();
  await saysNotConnected();
  await clock.fireWait();
  await appears("Into the silence");
  await saysNothingOfIt();
  await has("Into the silence", "Before the breaks", "On the stream", "During the cut", "The first");
});

// What brings the page back: the browser's own word, and somebody who looks.
const BACK = {
  "the browser is back on its network": async () => {
    // What the browser says, and nothing of what it does: the try that follows meets the network as it is.
    const session = await mairi.context.newCDPSession(page);
    for (const offline of [true, false]) {
      await session.send("Network.overrideNetworkState", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    }
    await session.detach();
  },
  "somebody looks at the page again": async () => {
    await page.evaluate(() => {
      for (const isHidden of [true, false]) {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      }
    });
  },
};

for (const [what, comesBack] of Object.entries(BACK)) {
  test(`when ${what}, nothing is waited for`, async () => {
    await cuts();
    const front = await lettersOnly();
    for (let tries = 0; tries < 4; tries += 1) {
      await clock.fireWait();
      await eventually("a try", () => front.broken() > tries);
    }
    await writes(`Before ${what}`);
    // It waits for long by now, and nobody lets that time be over.
    await clock.wait();
    await mends(front);
    await comesBack();
    await appears(`Before ${what}`);
    await saysNothingOfIt();
    isClean();
  });
}

test("a silent stream is given up at once when somebody looks after a sleep, and a live one is not", async () => {
  const look = BACK["somebody looks at the page again"];
  const silent = await fallsSilent();
  await writes("Before the sleep was over");
  await silent.came;
  const asked = watches();
  await look();
  // Something was heard a moment ago: whether somebody looks is not the relay's to know.
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.deepEqual(asked, []);
  assert.equal(await letter("Before the sleep was over").count(), 0);
  await clock.sleep(31_000);
  await look();
  await appears("Before the sleep was over");
  await saysNothingOfIt();
  assert.equal(asked.filter((one) => one === "GET /v1/mailbox/events").length, 1);
  isClean();
});

test("a device that was away catches up from the last letter that it knows, each once and in order", async () => {
  const state = join(folder, "paul.json");
  const listed = () => {
    const after = [];
    const matches = (asked) => {
      if (isList(asked)) after.push(new URL(asked.url, "http://relay").searchParams.get("after"));
      return false;
    };
    between.hold({ matches });
    return after;
  };
  const here = device("paul", { state, expect: ["Before"], within: 120 });
  await here.listening;
  await send(PAUL, { subject: "Before", text: "Hello.\n" }, SEND);
  await here.report;

  // More than one list holds.
  const subjects = Array.from({ length: 70 }, (_, number) => `While away ${number + 1}`);
  const receipts = [];
  for (const subject of subjects) receipts.push(await sendForReceipt(PAUL, { subject, text: "Hello.\n" }, SEND));
  const after = listed();
  const had = await device("paul", { state, within: 120 }).report;
  assert.deepEqual(after, ["1", "65"], "from the last that it knew, and then from the last that was listed");
  assert.deepEqual(had.letters.map(({ subject }) => subject).reverse(), ["Before", ...subjects]);
  assert.deepEqual(had.letters.map(({ receipt }) => receipt).reverse().slice(1), receipts.map(({ receipt }) => receipt));
  assert.deepEqual([had.unopened, had.not_filed], [[], 0]);
});

const isTold = () => alarms().filter({ hasText: A_LETTER_IS_MISSING }).waitFor();

// Waits until the relay was asked and has listed everything, by a letter that comes after it.
async function hasListed(subject) {
  await writes(subject);
  await appears(subject);
}

test("a letter that is left out is an alarm, and nothing behind the gap is taken", async () => {
  await cuts();
  let front = await lettersOnly();
  await writes("Left out");
  await writes("Behind the gap");
  await front.stop();
  front = await standInFront(stack.env, { alters: (asked, list) => withoutFirst(list) });
  const before = await page.locator("[data-letter]").count();
  const kept = Object.keys(await records(page)).filter((name) => !name.startsWith("sealed/doubt"));
  await clock.fireWait();
  await isTold();
  await lookAt(page, "live-alarm");
  // It asks again and again, and is told the same.
  for (let tries = 0; tries < 3; tries += 1) {
    const lists = () => front.asked().filter((one) => one.startsWith("GET /v1/mailbox/letters")).length;
    const until = lists();
    await clock.fireWait();
    await eventually("a list", () => lists() > until);
  }
  await clock.wait();
  assert.equal(await alarms().locator("> *").count(), 1, "it is said once");
  assert.equal(await page.locator("[data-letter]").count(), before);
  assert.deepEqual(Object.keys(await records(page)).filter((name) => !name.startsWith("sealed/doubt")), kept);
  assert.deepEqual(front.asked().filter((one) => one.startsWith("POST")), [], "nothing is filed");
  await front.stop();
});

test("the alarm is there after unlocking without a network, and damaging what is stored does not end it", async () => {
  await opensAgain();
  await isTold();
  await opensAgain(async () => {
    await garble(page, "sealed/doubt");
    await lose(page, "sealed/inbox");
  });
  await isTold();
});

test("a relay that is honest again is told of once more at the next unlock, and then no more", async () => {
  await mends();
  await clock.fireWait();
  await appears("Left out");
  await appears("Behind the gap");
  await saysNothingOfIt();
  await isTold();
  // Whoever looked away sees it: it is there once more.
  await opensAgain();
  await isTold();
  await hasListed("After the alarm");
  await isTold();
  await eventually("the alarm is put away", async () => !Object.keys(await records(page)).includes("sealed/doubt"));
  await opensAgain();
  await hasListed("Long after the alarm");
  assert.equal(await alarms().textContent(), "");
  isClean();
});
