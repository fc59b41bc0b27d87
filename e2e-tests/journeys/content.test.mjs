// What a hostile sender writes stays text: the collections that sanitisers are tested with, in every field
// of a letter and in the names of files. First it is shown that what must not happen would be noticed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { PUBLISHED, VECTORS, isInSight, words, withoutSpace } from "../support/collections.mjs";
import { AROUND_THE_TEXT, IN_THE_TEXT, MARK, guard, isMarked, strangers, wouldMakeStrangers } from "../support/detectors.mjs";
import { BROKEN, SEEN, asItStands, hostileLetters, leadingTo, sendHostile, shown } from "../support/hostile-letters.mjs";
import { MAIRI } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

// A person of its own: a stack of its own.
const stack = await startStack();
Object.assign(process.env, stack.env);
const { ORIGIN, launch, openPage, press, shows, typePassphrase } = await import("../support/browser.mjs");
const { openWithPretendVault, status } = await import("../support/pretend-vault.mjs");
const { setsUp } = await import("../support/enrolling.mjs");

const PASSPHRASE = "harbour violin seventeen moss";
const HOST = "https://pay.council.example/?";
const TEXT = ".letterbox-letter__text";
const UNOPENABLE = readFileSync("client/catalogue/en.ftl", "utf8").match(/^problem-unopenable-letter = (.*)$/m)[1];

const LETTERS = hostileLetters();

let browser;
// One enrolled device, and what it tripped.
let mairi;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
  await stack.stop();
});

// Opens a page that records all that must not happen.
async function watched(options = {}) {
  let tripped;
  const prepare = async (context) => {
    tripped = await guard(context);
    await options.prepare?.(context);
  };
  return { ...(await openPage(browser, { ...options, prepare })), tripped };
}

// Nothing was asked, run, blocked or opened, and the page is the same one.
async function isQuiet({ page, wrong, tripped }) {
  assert.deepEqual(wrong, []);
  assert.deepEqual(tripped, []);
  assert.equal(await isMarked(page), false);
  assert.equal(page.url(), `${ORIGIN}/`);
}

// A page of the test's own with an element like that of a letter's text.
const planted = (headers = {}) =>
  watched({
    path: "/planted",
    prepare: (context) =>
      context.route("**/planted", (route) => route.fulfill({ headers, contentType: "text/html", body: '<div class="letterbox-letter__text"></div>' })),
  });
const asHtml = (page, html) => page.locator(TEXT).evaluate((element, text) => { element.innerHTML = text; }, html);

test("a page that takes a letter for HTML trips each detector", async () => {
  const { context, page, wrong, tripped } = await planted();
  wrong.length = 0;
  await Promise.all([
    page.waitForEvent("requestfailed"),
    asHtml(page, `<img src="https://elsewhere.example/x.png" onerror="globalThis.${MARK} = 1; alert(1); unheardOf()">`),
  ]);
  await page.waitForFunction((mark) => mark in globalThis, MARK);
  assert.deepEqual(await strangers(page, TEXT, IN_THE_TEXT), ["img"]);
  assert.ok(await isMarked(page));
  await asHtml(page, '<p onclick="alert(1)" style="color: red"><svg></svg></p>');
  assert.deepEqual(await strangers(page, TEXT, IN_THE_TEXT), ["p[onclick]", "p[style]", "svg"]);
  await Promise.all([context.waitForEvent("page"), page.evaluate(() => { open("about:blank"); })]);
  assert.ok(wrong.includes("request: https://elsewhere.example/x.png"), `${wrong}`);
  assert.ok(wrong.some((report) => report.startsWith("error: unheardOf")), `${wrong}`);
  assert.ok(tripped.includes("dialog: alert") && tripped.includes("page: about:blank"), `${tripped}`);
  await context.close();
});

test("what the policy blocks is reported", async () => {
  const { context, page, wrong } = await planted({ "content-security-policy": "default-src 'none'" });
  wrong.length = 0;
  const isReport = (message) => message.text().startsWith("policy report: ");
  await Promise.all([page.waitForEvent("console", isReport), asHtml(page, '<img src="x">')]);
  assert.ok(wrong.includes("console: policy report: img-src"), `${wrong}`);
  await context.close();
});

test("the collections are there, and most of what is in them is markup to a browser", async () => {
  for (const [publisher, published] of Object.entries(PUBLISHED)) assert.ok(published.length >= 20, `${publisher}: ${published.length}`);
  assert.ok(VECTORS.length >= 900, `${VECTORS.length}`);
  const { context, page } = await planted();
  const markup = await page.evaluate(wouldMakeStrangers, [VECTORS, IN_THE_TEXT]);
  assert.ok(markup >= 400, `${markup} of ${VECTORS.length}`);
  await context.close();
});

// What the page alone is given: also what no vault lets through.
const summary = (label) => ({ id: "1", label, language: "en", sender: { name: label, name_in_gaelic: label, domain: label, unit: label, is_suspended: false }, arrived: 1_773_478_800 });
const everywhere = (vector) => ({
  ...{ summary: summary(vector), in_plain_words: vector, contact: vector, case_id: vector },
  text: vector,
  hosts: [vector],
  actions: [{ label: vector, reference: vector, amount: [1, vector], link: { url: vector, host: vector }, address: vector, place: vector, details: vector }],
  alternatives: [{ form: "Translation", language: vector, label: vector, in_plain_words: vector, address: vector, text: vector }],
  attachments: [{ file_name: vector, media_type: vector, size: 1, label: vector, language: vector }],
});

test("the page shows whatever it is given as text, in every field and in the names of files", async () => {
  const vectors = VECTORS.filter((vector) => vector.length <= 400);
  const letter = everywhere(vectors[0]);
  const seen = SEEN.filter((vector) => vector.length <= 400);
  letter.text = seen.flatMap((vector) => [asItStands(vector), ...(/[\n\t]/.test(vector) ? [] : [leadingTo(vector)])]).join("\n\n");
  // Whatever a vault might take for hosts: no address in these leads to one.
  letter.hosts = vectors;
  letter.actions = vectors.flatMap((vector) => everywhere(vector).actions);
  letter.alternatives = vectors.slice(0, 300).flatMap((vector) => everywhere(vector).alternatives);
  // As they came, and all together.
  letter.alternatives[0].text = vectors.join("\n\n");
  letter.attachments = vectors.slice(0, 300).flatMap((vector) => everywhere(vector).attachments);
  const Status = [...status("Open"), { Event: { Connection: "Live" } }];
  const opened = await openWithPretendVault(browser, { Status, Read: [{ answer: { Letter: letter } }] });
  const { page, context, tell } = opened;
  const tripped = await guard(context);
  await tell({ Event: { Inbox: [letter.summary] } });
  await page.locator('[data-count="1"]').waitFor();
  assert.deepEqual(await strangers(page, "#main-content", AROUND_THE_TEXT), []);
  await press(page, "read");
  await shows(page, "letter");
  assert.deepEqual(await strangers(page, TEXT, IN_THE_TEXT), []);
  assert.deepEqual(await strangers(page, "#main-content", AROUND_THE_TEXT), []);
  const codes = await page.locator(TEXT).first().locator("code").allTextContents();
  assert.deepEqual(codes, seen);
  assert.equal(await page.locator(`${TEXT} a`).count(), 0);
  assert.deepEqual(await page.locator("bdi").allTextContents(), vectors.slice(0, 300));
  assert.equal(await page.locator('#main-content a[href]:not([href^="https://"])').count(), 0);
  await isQuiet({ ...opened, tripped });
  await context.close();
});

test("somebody has a mailbox", async () => {
  mairi = await watched();
  const { page } = mairi;
  await setsUp(page, PASSPHRASE);
});

test("letters that hold the collections in every field are listed as text", async () => {
  const { page } = mairi;
  await sendHostile(MAIRI, LETTERS.map(({ draft }) => draft));
  await page.locator(`[data-count="${LETTERS.length}"]`).waitFor();
  const labels = await page.locator('[data-letter] [data-action="read"]').allTextContents();
  assert.deepEqual(labels, LETTERS.map(({ draft }) => draft.label).reverse());
  assert.deepEqual(await strangers(page, "#main-content", AROUND_THE_TEXT), []);
  await isQuiet(mairi);
});

// Runs in the page: what is shown of the letter's text, without the hosts and addresses that the page
// adds to links; the addresses of those; and text that is there and not seen.
function readText(root) {
  const element = document.querySelector(root);
  const copy = element.cloneNode(true);
  for (const note of copy.querySelectorAll(".letterbox-host")) note.remove();
  const hidden = [...element.querySelectorAll("*")].filter(
    (one) => one.textContent.trim() && !one.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
  );
  return {
    text: copy.textContent,
    notes: Array.from(element.querySelectorAll(":scope > p > .letterbox-host"), (note) => note.textContent),
    codes: Array.from(element.querySelectorAll("pre > code"), (code) => code.textContent),
    links: Array.from(element.querySelectorAll("a"), (link) => link.getAttribute("href")),
    hidden: hidden.map((one) => one.outerHTML),
  };
}

// The texts are long: what is said of a difference is where it begins.
function isSame(found, expected) {
  if (found === expected) return;
  const place = [...expected].findIndex((sign, at) => sign !== [...found][at]);
  const near = (text) => [...text].slice(Math.max(place - 60, 0), place + 60).join("");
  assert.fail(`${near(found)}\ninstead of\n${near(expected)}`);
}

// Every sign that is expected, in its order. What else is there was written where CommonMark does not show it.
function saysAll(found, expected) {
  const signs = [...found];
  let at = 0;
  for (const [place, sign] of [...expected].entries()) {
    const next = signs.indexOf(sign, at);
    if (next < 0) return isSame(signs.slice(0, at).join(""), [...expected].slice(0, place + 1).join(""));
    at = next + 1;
  }
}

// Readers of Markdown differ in where a sign that may be emphasis or an escape is one, not in words.
const bare = (text) => withoutSpace(text).replace(/[*_`\\]/g, "");

const READS = {
  // Read as Markdown: every word that CommonMark's own reader finds, and raw HTML as it was typed.
  markdown({ draft: { text } }, read) {
    const [found, expected] = [bare(read.text), bare(words(text, shown))];
    if (isInSight(text)) isSame(found, expected);
    else saysAll(found, expected);
    assert.deepEqual(read.links, []);
  },
  code({ of }, read) {
    assert.deepEqual(read.codes, of);
  },
  address({ of }, read) {
    assert.deepEqual(read.notes, of.map((address) => `(${address})`));
    assert.deepEqual(read.links, []);
  },
  open({ of }, read) {
    assert.deepEqual(read.links, of.map((query) => `${HOST}${query}`));
  },
};

// The lines of a field of several, as they stand in the page.
const includesAll = (whole, parts) => {
  for (const part of parts) assert.ok(whole.includes(part), part);
};

test("each is read: no script, no request, no report, no element and no attribute that letters do not have, and every word is there", async () => {
  const { page } = mairi;
  for (const [place, letter] of LETTERS.entries()) {
    const { draft, kind } = letter;
    await page.locator('[data-action="read"]').nth(LETTERS.length - 1 - place).click();
    await shows(page, "letter");
    assert.deepEqual(await strangers(page, TEXT, IN_THE_TEXT), [], kind);
    assert.deepEqual(await strangers(page, "#main-content", AROUND_THE_TEXT), [], kind);
    const read = await page.evaluate(readText, TEXT);
    assert.deepEqual(read.hidden, []);
    READS[kind](letter, read);

    assert.equal(await page.locator("article h1").textContent(), draft.label);
    assert.deepEqual(await page.locator("bdi").allTextContents(), draft.files.map(({ name }) => name));
    const article = await page.locator("article").evaluate((element) => element.textContent);
    includesAll(article, [draft.summary, draft.unit, draft.contact, draft.case_id]);
    includesAll(article, draft.actions.flatMap(({ label, reference, place, details }) => [label, reference, place, details ?? ""]));
    includesAll(article, draft.translations.flatMap(({ label, text, summary }) => [label, text.trim(), summary]));
    includesAll(article, draft.files.map(({ label }) => label));
    const addresses = await page.locator(".letterbox-actions a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.deepEqual(addresses, draft.actions.flatMap(({ url }) => url ?? []));
    await isQuiet(mairi);
    await press(page, "close-letter");
    await shows(page, "inbox");
  }
});

test("a file with a hostile name is saved and never shown, whatever its sender calls it", async () => {
  const { page } = mairi;
  await page.locator('[data-action="read"]').first().click();
  await shows(page, "letter");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator('[data-action="save"]').first().click()]);
  assert.equal(readFileSync(await download.path(), "utf8"), LETTERS.at(-1).draft.files[0].content);
  await page.locator("[data-saved]").waitFor();
  await isQuiet(mairi);
  await press(page, "close-letter");
  await shows(page, "inbox");
});

test("letters that break the protocol are not shown, and the reader is told", async () => {
  const { page } = mairi;
  assert.equal(await page.locator("[data-alarms]").innerText(), "");
  // All at once, when it is opened: each that is not opened is asked for again.
  await press(page, "lock");
  await shows(page, "locked");
  const last = { label: "After them", language: "en", text: "Hello." };
  await sendHostile(MAIRI, [...Object.values(BROKEN), last]);
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  await page.locator("[data-alarms]", { hasText: UNOPENABLE }).waitFor();
  await page.locator('[data-action="read"]', { hasText: last.label }).waitFor();
  assert.equal(await page.locator('[data-action="read"]').count(), LETTERS.length + 1);
  await isQuiet(mairi);
});
