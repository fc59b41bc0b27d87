// Every screen and every state of it, with a vault that says what the test tells it to: looked at
// in both languages, at both sizes, narrow and zoomed; what the page does with hostile content.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ORIGIN, launch, leavesForGood, press, pressEscapeThreeTimes, shows, typePassphrase } from "../support/browser.mjs";
import { PROBLEMS, SCREENS, axe, fits, lookAt, picture, speak } from "../support/looking.mjs";
import { openWithPretendVault, problem, status } from "../support/pretend-vault.mjs";

const seen = new Set();

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

const seconds = (time) => Date.parse(time) / 1000;

const COUNCIL = { name: "Example Council", name_in_gaelic: "Comhairle Eisimpleir", domain: "council.example", unit: "Revenues", is_suspended: false };

const summary = (id, more = {}) => ({
  id,
  label: `Your council tax ${id}`,
  language: "en",
  sender: COUNCIL,
  arrived: seconds("2026-03-14T09:00:00Z"),
  ...more,
});

const text = (words) => ({ Text: words });
const LETTER = {
  summary: summary("2026", { reply_by: seconds("2026-06-30T22:59:59Z") }),
  in_plain_words: "Your council tax goes up.\nYou do not need to pay at once.",
  text: [
    { Heading: [1, [text("What changes")]] },
    { Heading: [3, [text("A heading that leaves a gap")]] },
    { Paragraph: [text("You pay "), { Strong: [text("£1,240")] }, text(" and "), { Emphasis: [text("not")] }, text(" more."), "Break", { Code: "REF-1" }] },
    { List: [3, [[{ Paragraph: [text("third")] }], [{ Paragraph: [text("fourth")] }, { List: [null, [[{ Paragraph: [text("inside")] }]]] }]]] },
    { Quote: [{ Paragraph: [text("A quotation")] }] },
    "Rule",
    { Code: "a very long line of text that has to break somewhere ".repeat(4) },
    { Paragraph: [{ Link: [{ url: "https://pay.council.example/tax", host: "pay.council.example" }, [text("Pay here")]] }] },
    { Paragraph: [{ DeadLink: ["https://elsewhere.example/", [text("Not here")]] }] },
  ],
  contact: "Telephone 0131 496 0000\nMonday to Friday",
  case_id: "CT-1234",
  actions: [
    {
      label: "Pay your council tax",
      by: seconds("2026-04-15T16:00:00Z"),
      link: { url: "https://pay.council.example/tax", host: "pay.council.example" },
      reference: "REF-1",
      amount: [124000, "GBP"],
    },
    { label: "Tell us if you moved" },
  ],
};

const open = [...status("Open"), { Event: { Connection: "Live" } }];
const inbox = (...letters) => ({ Event: { Inbox: letters } });
const returned = { path: "/signed-in?code=c&state=s" };

// How each screen is reached: the vault's plan, and what is done on the page.
const STATES = {
  "starting": { plan: {} },
  "start": { plan: { Status: status("NoMailbox") } },
  "choose-passphrase": { plan: { Status: status("NoMailbox") }, act: (page) => press(page, "begin") },
  "choose-passphrase-too-short": {
    plan: { Status: status("NoMailbox") },
    act: async (page) => {
      await press(page, "begin");
      await typePassphrase(page, "short");
      await page.locator('[data-problem="PassphraseTooShort"]').waitFor();
    },
  },
  "choose-passphrase-shown": {
    plan: { Status: status("NoMailbox") },
    act: async (page) => {
      await press(page, "begin");
      await page.locator("#passphrase").fill("four words and more");
      await press(page, "show-passphrase");
      await page.locator('#passphrase[type="text"]').waitFor();
    },
  },
  "choose-passphrase-busy": {
    plan: { Status: status("NoMailbox"), Begin: [{ Event: { Progress: "Sealing" } }] },
    act: async (page) => {
      await press(page, "begin");
      await typePassphrase(page, "four words and more");
      await page.locator('[data-action="submit"][aria-disabled="true"]').waitFor();
    },
  },
  "sign-in": {
    plan: { Status: status("NoMailbox"), Begin: [{ answer: { GoTo: "https://never.example/" } }] },
    act: async (page) => {
      await press(page, "begin");
      await typePassphrase(page, "four words and more");
    },
  },
  "sign-in-begun-earlier": { plan: { Status: status("SigningIn") } },
  "sign-in-cancelled": { plan: { Returned: problem("SignInCancelled"), Status: status("SigningIn") }, ...returned },
  "returning": { plan: { Returned: [{ Event: { Progress: "Confirming" } }] }, ...returned },
  "confirm": { plan: { Status: status({ Confirmed: { with_address: true } }) } },
  "confirm-without-address": {
    plan: { Status: status({ Confirmed: { with_address: false } }) },
    act: (page) => page.locator("summary").click(),
  },
  "ready": { plan: { Status: status("Ready") } },
  "inbox": {
    plan: { Status: [...open, inbox(summary("2026", { reply_by: seconds("2026-06-30T22:59:59Z") }), summary("2025", { sender: { ...COUNCIL, is_suspended: true } }))] },
    act: (page) => page.locator("[data-letter]").nth(1).waitFor(),
  },
  "inbox-looking": { plan: { Status: [...open, { Event: { Progress: "Loading" } }] } },
  "inbox-empty": { plan: { Status: [...open, inbox()] }, act: (page) => page.getByText("You have no letters yet").waitFor() },
  "inbox-news-and-trouble": {
    plan: { Status: [...open, inbox(summary("1")), inbox(summary("2"), summary("1")), { Event: { Connection: "Lost" } }, { Event: { Alarm: "RelayLied" } }] },
    act: (page) => page.locator("[data-alarms] .ds_warning-text").waitFor(),
  },
  "letter": {
    plan: { Status: [...open, inbox(LETTER.summary)], Read: [{ answer: { Letter: LETTER } }] },
    act: (page) => press(page, "read"),
  },
  "letter-short": {
    plan: {
      Status: [...open, inbox(summary("1"))],
      Read: [{ answer: { Letter: { summary: summary("1", { sender: { ...COUNCIL, unit: null, is_suspended: true } }), text: [{ Paragraph: [text("Hello.")] }], actions: [] } } }],
    },
    act: async (page) => {
      await press(page, "read");
      await page.locator("summary").click();
    },
  },
  "locked": { plan: { Status: status("Locked") } },
  "locked-wrong-passphrase": {
    plan: { Status: status("Locked"), Unlock: problem("WrongPassphrase") },
    act: async (page) => {
      await typePassphrase(page, "not the passphrase");
      await page.locator('[data-problem="WrongPassphrase"]').waitFor();
    },
  },
  "open-elsewhere": { plan: { Status: status("OpenElsewhere") } },
  "enrolled-elsewhere": { plan: { Status: status("EnrolledElsewhere") } },
  "stopped": { plan: { Status: problem("StorageDamaged") } },
  "vault-failed": { plan: {}, version: 1 },
};

const screenOf = (state) => SCREENS.filter((screen) => state === screen || state.startsWith(`${screen}-`)).sort((a, b) => b.length - a.length)[0];

for (const [state, { plan, act, ...options }] of Object.entries(STATES)) {
  test(`${state}: clean in both languages at every size, and left by Escape`, async () => {
    const { context, page, wrong } = await openWithPretendVault(browser, plan, options);
    await act?.(page);
    await shows(page, screenOf(state));
    for (const look of await lookAt(page, state)) seen.add(look);
    await fits(page, state);
    assert.equal(await page.locator("#main-content h1").count(), 1);
    assert.equal(page.url(), `${ORIGIN}/`);
    assert.deepEqual(wrong, []);
    assert.ok(await leavesForGood(context, page, () => pressEscapeThreeTimes(page)));
    await context.close();
  });
}

test("every screen was looked at in both languages and both sizes", () => {
  const expected = SCREENS.flatMap((screen) => ["en", "gd"].flatMap((language) => ["phone", "desktop"].map((size) => `${screen}-${language}-${size}`)));
  assert.deepEqual(expected.filter((look) => !seen.has(look)), []);
});

test("every problem has words of its own in both languages, and they take the focus", async () => {
  const { context, page, wrong, replan } = await openWithPretendVault(browser, { Status: status("Locked") });
  await shows(page, "locked");
  assert.ok(PROBLEMS.length > 20);
  const words = { en: new Set(), gd: new Set() };
  for (const name of PROBLEMS) {
    await replan("Unlock", problem(name));
    await typePassphrase(page, "a passphrase");
    await page.locator(`[data-problem="${name}"]`).waitFor();
    await page.waitForFunction(() => document.activeElement.id === "error-summary");
    assert.match(await page.title(), /^Error: /);
    for (const language of ["gd", "en"]) {
      await speak(page, language);
      words[language].add(await page.locator(".ds_error-summary__list").innerText());
    }
  }
  for (const language of ["en", "gd"]) {
    assert.equal(words[language].size, PROBLEMS.length, [...words[language]].join("\n"));
    assert.ok([...words[language]].every((said) => said.trim().length > 10));
  }
  assert.deepEqual([...words.en].filter((said) => words.gd.has(said)), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("what ScotAccount sent leaves the address before anything else happens", async () => {
  const { context, page, heard } = await openWithPretendVault(browser, {}, returned);
  await shows(page, "returning");
  assert.equal(page.url(), `${ORIGIN}/`);
  assert.deepEqual(await heard(1), ["Returned"]);
  await context.close();
});

test("the page goes where the vault says, in place of its own entry of the history, but never to script", async () => {
  for (const [address, goes] of [["https://scotaccount.example/authorize", true], ["javascript:document.title='x'", false], ["data:text/html,x", false]]) {
    const { context, page } = await openWithPretendVault(browser, { Status: status("SigningIn"), Resume: [{ answer: { GoTo: address } }] });
    await context.route("https://scotaccount.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>Sign in</title>" }));
    await shows(page, "sign-in");
    const before = await page.evaluate(() => history.length);
    await press(page, "go-on");
    if (goes) {
      await page.waitForURL(address);
      assert.equal(await page.evaluate(() => history.length), before);
    } else {
      await page.locator('[data-problem="OutOfTurn"]').waitFor();
      assert.equal(page.url(), `${ORIGIN}/`);
    }
    await context.close();
  }
});

test("a command is sent once, however often its button is pressed", async () => {
  const { context, page, heard } = await openWithPretendVault(browser, { Status: status("Locked") });
  await page.locator("#passphrase").fill("a passphrase");
  // The button says that it is disabled after the first press; it is pressed all the same.
  for (let time = 0; time < 3; time += 1) await page.locator('[data-action="submit"]').dispatchEvent("click");
  await page.locator("#passphrase").press("Enter");
  assert.deepEqual(await heard(2), ["Status", "Unlock"]);
  await context.close();
});

test("the focus goes to the heading of each new screen, and is left alone on the first", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: status("NoMailbox"), Begin: [{ answer: { GoTo: "https://never.example/" } }] });
  await shows(page, "start");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BODY");
  const heading = () => page.waitForFunction(() => document.activeElement.tagName === "H1");
  await press(page, "begin");
  await shows(page, "choose-passphrase");
  await heading();
  await typePassphrase(page, "four words and more");
  await shows(page, "sign-in");
  await heading();
  await context.close();
});

test("a passphrase is hidden again when it is sent, and nothing of it is left in the next screen", async () => {
  const { context, page, replan } = await openWithPretendVault(browser, { Status: status({ Confirmed: { with_address: true } }), Unlock: problem("WrongPassphrase") });
  await shows(page, "confirm");
  assert.equal(await page.locator("#passphrase").getAttribute("autocomplete"), "current-password");
  await press(page, "show-passphrase");
  await typePassphrase(page, "a passphrase");
  await page.locator('[data-problem="WrongPassphrase"]').waitFor();
  assert.equal(await page.locator("#passphrase").getAttribute("type"), "password");
  await replan("Unlock", status("Locked"));
  await press(page, "submit");
  await shows(page, "locked");
  assert.equal(await page.locator("#passphrase").inputValue(), "");
  await context.close();
});

test("a new letter appears by itself, is said politely, and takes the focus from nobody", async () => {
  const { context, page, tell } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1"))] });
  const first = page.locator('[data-action="read"]', { hasText: "tax 1" });
  await first.focus();
  await tell(inbox(summary("2"), summary("1")));
  await page.locator("[data-letter]").nth(1).waitFor();
  assert.equal(await page.locator('[data-news][role="status"]').innerText(), "A new letter has come.");
  assert.ok(await first.evaluate((button) => document.activeElement === button));
  assert.match(await page.locator("[data-letter]").first().innerText(), /tax 2/);
  await context.close();
});

test("a letter's headings leave no gap, its links say where they lead, its days are Scotland's days", async () => {
  const { context, page } = await openWithPretendVault(
    browser,
    { Status: [...open, inbox(LETTER.summary)], Read: [{ answer: { Letter: LETTER } }] },
    { timezoneId: "Pacific/Auckland" },
  );
  await press(page, "read");
  await shows(page, "letter");
  const levels = await page.locator("#main-content :is(h1, h2, h3, h4, h5, h6)").evaluateAll((all) => all.map((heading) => Number(heading.tagName[1])));
  assert.equal(levels[0], 1);
  for (const [place, level] of levels.entries()) assert.ok(place === 0 || level <= levels[place - 1] + 1, levels.join(" "));
  assert.equal(await page.getByRole("heading", { name: "What changes", level: 3 }).count(), 1);

  const link = page.getByRole("link", { name: "Pay here" });
  assert.match(await link.innerText(), /pay\.council\.example, opens in a new tab/);
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  assert.equal(await page.getByRole("link", { name: "Not here" }).count(), 0);

  const said = await page.locator("[data-letter]").innerText();
  for (const words of ["Came on 14 March 2026", "Answer by 30 June 2026", "By 15 April 2026, 17:00", "£1,240.00", "REF-1", "CT-1234", "Verified sender"]) {
    assert.ok(said.includes(words), words);
  }
  assert.equal(await page.title(), "Letter – Letterbox");
  await speak(page, "gd");
  const gaelic = await page.locator("[data-letter]").innerText();
  assert.match(gaelic, /14\S* dhen Mhàrt 2026/);
  assert.match(gaelic, /Comhairle Eisimpleir/);
  await context.close();
});

test("hostile content of a letter stays text", async () => {
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  const letter = {
    ...LETTER,
    summary: summary("1", { label: hostile, sender: { ...COUNCIL, name: hostile, unit: hostile } }),
    in_plain_words: hostile,
    text: [
      { Paragraph: [text(hostile), { Link: [{ url: "javascript:document.title=1", host: "x" }, [text("press")]] }] },
      { Code: hostile },
    ],
    contact: hostile,
    actions: [{ label: hostile, link: { url: "javascript:document.title=1", host: "x" }, amount: [1, "<b>"], by: Number.MAX_SAFE_INTEGER }],
  };
  const { context, page, wrong } = await openWithPretendVault(browser, { Status: [...open, inbox(letter.summary)], Read: [{ answer: { Letter: letter } }] });
  await press(page, "read");
  await shows(page, "letter");
  assert.equal(await page.locator("#main-content :is(img, script)").count(), 0);
  assert.equal(await page.locator('#main-content a:not([href^="https://"])').count(), 0);
  assert.ok((await page.locator("[data-letter]").innerText()).includes(hostile));
  assert.equal(await page.title(), "Letter – Letterbox");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("locking takes everything off the screen at once and starts the page anew", async () => {
  const { context, page, replan } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1"))] });
  await page.locator("[data-letter]").waitFor();
  // The vault is slow to answer: nothing may be left to read meanwhile.
  await replan("Lock", []);
  await press(page, "lock");
  await shows(page, "starting");
  assert.ok(!(await page.locator("body").innerText()).includes("council tax"));
  // It never answers: the page starts anew all the same.
  await page.waitForEvent("load");
  await context.close();
});

test("in forced colours and with reduced motion letters stay clean", async () => {
  const { context, page, wrong } = await openWithPretendVault(
    browser,
    { Status: [...open, inbox(LETTER.summary)], Read: [{ answer: { Letter: LETTER } }] },
    { forcedColors: "active", reducedMotion: "reduce" },
  );
  await page.locator("[data-letter]").waitFor();
  assert.deepEqual(await axe(page, "forced-colours"), []);
  await page.screenshot({ path: picture("inbox-forced-colours"), fullPage: true });
  await press(page, "read");
  await shows(page, "letter");
  assert.deepEqual(await axe(page, "forced-colours"), []);
  await page.screenshot({ path: picture("letter-forced-colours"), fullPage: true });
  assert.deepEqual(wrong, []);
  await context.close();
});
