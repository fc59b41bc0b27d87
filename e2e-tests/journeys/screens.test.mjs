// Every screen and every state of it, with a vault that says what the test tells it to: looked at
// in both languages, at both sizes, narrow and zoomed; what the page does with hostile content.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { loadsAnewAfter } from "../support/anew.mjs";
import { ORIGIN, ZOOMED, launch, leavesForGood, press, pressEscapeThreeTimes, shows, typePassphrase } from "../support/browser.mjs";
import { saying, words } from "../support/catalogue.mjs";
import { tabsTo, walks } from "../support/keyboard.mjs";
import { PROBLEMS, SCREENS, keepsInForcedColours, lookAt, picture, speak } from "../support/looking.mjs";
import { MINUTE, goesOn, looks } from "../support/page-clock.mjs";
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

const SETTINGS = { idle_minutes: 5, locks_when_hidden: false };
const open = [{ Event: { Settings: SETTINGS } }, ...status("Open"), { Event: { Connection: "Live" } }];
const inbox = (...letters) => ({ Event: { Inbox: letters } });

// In Markdown, as a sender signs it.
const LETTER_TEXT = [
  "# What changes",
  "### A heading that leaves a gap",
  "You pay **£1,240** and *not* more.\\\n`REF-1`",
  "3. third\n4. fourth\n   - inside",
  "> A quotation",
  "---",
  `    ${"a very long line of text that has to break somewhere ".repeat(4)}`,
  "[Pay here](https://pay.council.example/tax)",
  "[Not here](https://elsewhere.example/)",
].join("\n\n");

const LETTER = {
  summary: summary("2026", { reply_by: seconds("2026-06-30T22:59:59Z") }),
  in_plain_words: "Your council tax goes up.\nYou do not need to pay at once.",
  text: LETTER_TEXT,
  hosts: ["pay.council.example"],
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
    { label: "Tell us if you moved", address: "https://elsewhere.example/moved" },
    {
      label: "Come to see us",
      start: seconds("2026-05-04T09:30:00Z"),
      end: seconds("2026-05-04T10:00:00Z"),
      until: seconds("2026-12-31T23:59:00Z"),
      place: "1 High Street\nExample",
      details: "Bring a paper with your address.",
      file: "The form.pdf",
    },
  ],
  attachments: [],
  alternatives: [
    { form: "Translation", language: "gd", label: "A’ chìs chomhairle agad", in_plain_words: "Pàigh ro dheireadh na mìos.", text: "# Na tha ag atharrachadh\n\nHalò." },
    { form: "LargePrint", language: "en", file: "Large print.pdf" },
    { form: "EasyRead", language: "en", link: { url: "https://pay.council.example/easy", host: "pay.council.example" } },
    { form: "SignLanguage", language: "bfi", address: "https://elsewhere.example/bsl" },
    { form: "Audio", language: "en", file: "The letter.mp3" },
    { form: "Braille", language: "en", file: "The letter.brf" },
    { form: "Print", language: "en", file: "The letter.pdf" },
  ],
};

const file = (file_name, size, more = {}) => ({ file_name, media_type: "application/octet-stream", size, ...more });

// A short letter with these files.
const withFiles = (...attachments) => ({ summary: summary("1"), text: "Hello.", hosts: [], actions: [], attachments, alternatives: [] });

// A mailbox with one letter, which has these files, and what comes of saving one.
const filesPlan = (files, Save = []) => ({
  Status: [...open, inbox(summary("1"))],
  Read: [{ answer: { Letter: withFiles(...files) } }],
  Save,
});

const BILL = file("Cunntas chìsean 2026.pdf", 1_400_000, { media_type: "application/pdf", label: "Your bill" });
const FILES = [BILL, file("Map of the street.png", 52_300), file("What changes.txt", 1, { language: "gd" }), file("calculator.html", 26_214_400), file("data", 0)];


// A code of the right form and of no mailbox.
const GROUPS = ["QPZR", "Y9X8", "GF2T", "VDW0", "S3JN", "54KH", "CE6M", "UA7L", "Q2W3", "ZX9P"];
const CODE = GROUPS.join(" ");
const SHEET = [{ answer: { Sheet: { groups: GROUPS, asked: [3, 8] } } }];

const signingIn = (is_recovery = false) => status({ SigningIn: { is_recovery } });
const confirmed = (more = {}) => status({ Confirmed: { with_address: true, is_recovery: false, ...more } });

// A mailbox that comes back: its code fits, and the browser may go to ScotAccount.
const comingBack = { Status: status("NoMailbox"), CheckCode: [{ answer: "CodeFits" }], Recover: [{ answer: { GoTo: "https://never.example/" } }] };
// The code is being written down, and the vault gives it when it is asked.
const writingDown = { Status: status("WritingDown"), Sheet: SHEET };

async function typeCode(page, code = CODE) {
  await page.locator("#recovery-code").fill(code);
  await press(page, "submit");
}

async function goToCode(page) {
  await press(page, "recover");
  await typeCode(page);
}

async function goToSheet(page) {
  await typePassphrase(page, "four words and more");
  await page.locator('[data-group="10"]').waitFor();
}

async function goToCheck(page) {
  await press(page, "show-sheet");
  await press(page, "written-down");
  await shows(page, "sheet-check");
}

async function typeGroups(page, first, second) {
  await page.locator("#group-first").fill(first);
  await page.locator("#group-second").fill(second);
  await press(page, "submit");
}

// Which groups of the code are anywhere in the document, also spelled or typed.
const groupsIn = (page) =>
  page.evaluate((groups) => {
    const fields = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
    const all = [document.documentElement.outerHTML, ...fields].join("\n");
    return groups.filter((group) => all.includes(group) || all.includes([...group].join(" ")));
  }, GROUPS);

const returned = { path: "/signed-in?code=c&state=s" };

// A session that reads on a device that keeps nothing: its code fits, and ScotAccount is a link.
const LINK = "https://scotaccount.example/authorize?client_id=letterbox&state=s";
const visiting = { Status: status("NoMailbox"), Visit: [{ answer: { Visit: { link: LINK } } }] };
const reading = { ...visiting, Visited: [...status("Visiting"), inbox(summary("1", { reply_by: seconds("2026-06-30T22:59:59Z") }))], Read: [{ answer: { Letter: withFiles(BILL) } }] };

async function goToLink(page) {
  await press(page, "visit");
  await shows(page, "visit");
  await typeCode(page);
  await page.locator("[data-visit-link] a").waitFor();
}

// What another tab of this browser says that came back from ScotAccount with this `state`. Returns what it hears.
const comesBack = (page, state = "s", query = `code=c&state=${state}`) =>
  page.evaluate(([own, sent]) => {
    const channel = new BroadcastChannel("letterbox-signed-in");
    globalThis.channelHeard = [];
    channel.onmessage = ({ data }) => {
      globalThis.channelHeard.push(data);
      if (data.Waiting === own) channel.postMessage({ Here: { state: own, query: sent } });
    };
    channel.postMessage({ WhoWaits: own });
  }, [state, query]);

// Another tab of this browser that waits for what came back with this `state`. Returns what it is given.
const waitsFor = (page, state) =>
  page.evaluate((own) => new Promise((resolve) => {
    const channel = new BroadcastChannel("letterbox-signed-in");
    channel.onmessage = ({ data }) => { if (data.Here) resolve(data.Here); };
    channel.postMessage({ Waiting: own });
  }), state);

// What was said on the channel until now was heard, and answered.
const settles = (page) =>
  page.evaluate(async () => {
    const [speaks, hears] = [0, 1].map(() => new BroadcastChannel("letterbox-signed-in"));
    for (const turn of [1, 2]) {
      await new Promise((resolve) => {
        hears.onmessage = ({ data }) => { if (data === turn) resolve(); };
        speaks.postMessage(turn);
      });
    }
    for (const channel of [speaks, hears]) channel.close();
  });
const says = (page, word) => page.evaluate((said) => { new BroadcastChannel("letterbox-signed-in").postMessage(said); }, word);

async function goToReading(page) {
  await goToLink(page);
  await comesBack(page);
  await page.locator("[data-visit]").waitFor();
}

// The vault ends a session, which it says with its last word: the page begins anew.
async function visitEnds(page, because) {
  await goToReading(page);
  const [vault] = page.workers();
  await loadsAnewAfter(page, () => vault.evaluate((why) => globalThis.say({ Event: { Locked: why } }), because));
  await page.locator("[data-why-over]").waitFor();
}

const session = (id, more = {}) => ({ id, opened: seconds("2026-11-22T18:43:00Z"), asked: seconds("2026-11-22T18:50:00Z"), ends: seconds("2026-11-22T18:51:00Z"), end: "Itself", is_news: true, ...more });
const sessions = (...all) => ({ Event: { Sessions: all } });
// What has no end: the page says it to the vault without one.
const unended = (one) => ({ ...one, end: undefined });
const OPEN_NOW = session("b2", { opened: seconds("2026-11-23T09:05:00Z"), end: null });
const toldOf = (...all) => ({ Status: [...open, sessions(...all), inbox(summary("1"))], ToldOf: [{ answer: "Done" }], EndSession: [{ answer: "Done" }] });
const notices = (page) => page.locator('[data-sessions] [role="group"]');

// The vault says that it has locked itself: the page is loaded anew, and says why.
async function beginsAnew(page, because) {
  await page.locator('html[data-screen]:not([data-screen="starting"])').waitFor();
  const [vault] = page.workers();
  await loadsAnewAfter(page, () => vault.evaluate((why) => globalThis.say({ Event: { Locked: why } }), because));
  await page.locator("[data-why-locked] p").waitFor();
}

// How each screen is reached: the vault's plan, and what is done on the page.
const STATES = {
  "starting": { plan: {} },
  "visit": { plan: visiting, act: (page) => press(page, "visit") },
  ...Object.fromEntries(["CodeMalformed", "CodeUnknown", "TooManySessions", "RelayUnreachable"].map((name) => [
    `visit-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).slice(1)}`,
    {
      plan: { ...visiting, Visit: problem(name) },
      act: async (page) => {
        await press(page, "visit");
        await typeCode(page);
        await page.locator(`[data-problem="${name}"]`).waitFor();
      },
    },
  ])),
  "visit-sign-in": { plan: visiting, act: goToLink },
  "visit-sign-in-other-owner": {
    plan: { ...visiting, Visited: problem("OtherOwner"), Resume: [{ answer: { Visit: { link: `${LINK}2` } } }] },
    act: async (page) => {
      await goToLink(page);
      await comesBack(page);
      await page.locator('[data-problem="OtherOwner"]').waitFor();
    },
  },
  "inbox-visit": { plan: reading, act: goToReading },
  "inbox-visit-empty": { plan: { ...reading, Visited: [...status("Visiting"), inbox()] }, act: goToReading },
  "inbox-visit-locks-soon": {
    plan: { ...reading, Visited: [...reading.Visited, { Event: { LocksSoon: true } }] },
    act: async (page) => {
      await goToReading(page);
      await page.locator('[data-locks-soon] [data-action="stay"]').waitFor();
    },
  },
  "letter-visit": {
    plan: reading,
    act: async (page) => {
      await goToReading(page);
      await press(page, "read");
    },
  },
  "visit-over": {
    plan: { ...reading, Lock: status("VisitOver") },
    act: async (page) => {
      await goToReading(page);
      await Promise.all([page.waitForEvent("load"), press(page, "close-visit")]);
    },
  },
  "visit-over-idle": { plan: reading, act: (page) => visitEnds(page, "Idle") },
  "visit-over-by-a-device": { plan: reading, act: (page) => visitEnds(page, "SessionEnded") },
  "visit-over-by-time": { plan: reading, act: (page) => visitEnds(page, "SessionTime") },
  "handed-over": {
    plan: {},
    ...returned,
    act: async (page) => {
      await shows(page, "returning");
      // A tab that a script may close would be gone.
      await page.evaluate(() => { globalThis.close = () => {}; });
      await waitsFor(page, "s");
    },
  },
  "inbox-session-open": { plan: toldOf(OPEN_NOW), act: (page) => notices(page).waitFor() },
  "inbox-session-over": { plan: toldOf(session("a1")), act: (page) => notices(page).waitFor() },
  "inbox-sessions": { plan: toldOf(OPEN_NOW, session("a1"), session("a0", { opened: seconds("2026-09-01T08:00:00Z"), end: "Time" })), act: (page) => notices(page).nth(2).waitFor() },
  "settings-sessions": {
    plan: toldOf(...[{ end: null }, { end: "Itself" }, { end: "Device" }, { end: "Restart" }, { end: "Time" }].map((more, place) => session(`a${place}`, { ...more, is_news: false }))),
    act: async (page) => {
      await press(page, "settings");
      await page.locator("[data-session-list] li").nth(4).waitFor();
    },
  },
  "settings-sessions-none": {
    plan: toldOf(),
    act: async (page) => {
      await press(page, "settings");
      await page.getByText(words("sessions-none")).waitFor();
    },
  },
  "recover-new-code": {
    plan: { ...comingBack, Status: status("Locked") },
    act: async (page) => {
      await shows(page, "locked");
      await page.evaluate(() => history.replaceState("new-code", ""));
      await page.reload();
    },
  },
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
  "recover": { plan: comingBack, act: (page) => press(page, "recover") },
  "recover-ends-soon": {
    plan: comingBack,
    act: async (page) => {
      await press(page, "recover");
      await page.locator("#recovery-code").fill(CODE);
    },
    // Whatever the reader does ends it.
    again: async (page) => {
      await goesOn(page, 4 * MINUTE);
      await looks(page);
      await page.locator('[data-clears-soon] [data-action="keep-typed"]').waitFor();
    },
  },
  "locked-typed-removed": {
    plan: { Status: status("Locked") },
    act: async (page) => {
      await page.locator("#passphrase").fill("four words and more");
      await goesOn(page, 5 * MINUTE);
      await looks(page);
      await page.locator("[data-removed] p").waitFor();
    },
  },
  "recover-without-code": {
    plan: comingBack,
    act: async (page) => {
      await press(page, "recover");
      await page.locator("summary").click();
    },
  },
  "recover-code-malformed": {
    plan: { ...comingBack, CheckCode: problem("CodeMalformed") },
    act: async (page) => {
      await goToCode(page);
      await page.locator('[data-problem="CodeMalformed"]').waitFor();
    },
  },
  "recover-code-unknown": {
    plan: { ...comingBack, Recover: problem("CodeUnknown") },
    act: async (page) => {
      await goToCode(page);
      await typePassphrase(page, "four words and more");
      await page.locator('[data-problem="CodeUnknown"]').waitFor();
    },
  },
  "choose-passphrase-coming-back": { plan: comingBack, act: goToCode },
  "sign-in-begun-earlier": { plan: { Status: signingIn() } },
  "sign-in-cancelled": { plan: { Returned: problem("SignInCancelled"), Status: signingIn() }, ...returned },
  "sign-in-recovery": {
    plan: comingBack,
    act: async (page) => {
      await goToCode(page);
      await typePassphrase(page, "four words and more");
    },
  },
  "sign-in-recovery-begun-earlier": { plan: { Status: signingIn(true) } },
  "returning": { plan: { Returned: [{ Event: { Progress: "Confirming" } }] }, ...returned },
  "confirm": { plan: { Status: confirmed() } },
  "confirm-without-address": {
    plan: { Status: confirmed({ with_address: false }) },
    act: (page) => page.locator("summary").click(),
  },
  "confirm-recovery": {
    plan: { Status: confirmed({ is_recovery: true }) },
    act: (page) => page.locator("summary").click(),
  },
  "sheet": { plan: { Status: confirmed(), Unlock: SHEET }, act: goToSheet },
  "sheet-recovery": { plan: { Status: confirmed({ is_recovery: true }), Unlock: SHEET }, act: goToSheet },
  "sheet-not-shown": { plan: writingDown },
  "sheet-check": { plan: writingDown, act: goToCheck },
  "sheet-check-mistyped": {
    plan: { ...writingDown, ConfirmSheet: problem("CodeMistyped") },
    act: async (page) => {
      await goToCheck(page);
      await typeGroups(page, "GF2T", "UA7");
      await page.locator('[data-problem="CodeMistyped"]').waitFor();
    },
  },
  "ready": { plan: { Status: status("Ready") } },
  "ready-recovery": {
    plan: { Status: confirmed({ is_recovery: true }), Unlock: status("Ready") },
    act: (page) => typePassphrase(page, "four words and more"),
  },
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
      Read: [{ answer: { Letter: { summary: summary("1", { sender: { ...COUNCIL, unit: null, is_suspended: true } }), text: "Hello.", hosts: [], actions: [], attachments: [], alternatives: [] } } }],
    },
    act: async (page) => {
      await press(page, "read");
      await page.locator("summary").click();
    },
  },
  "letter-attachments": { plan: filesPlan(FILES), act: (page) => press(page, "read") },
  "letter-attachment-saving": {
    plan: filesPlan([BILL], [{ Event: { Download: { received: 600, total: 1000 } } }]),
    act: async (page) => {
      await press(page, "read");
      await press(page, "save");
      await page.locator("progress[value]").waitFor();
    },
  },
  "letter-attachment-saved": {
    plan: filesPlan([BILL], [{ answer: { File: { ...BILL, content: [1, 2, 3] } } }]),
    act: async (page) => {
      await press(page, "read");
      await press(page, "save");
      await page.locator('.letterbox-attachments__item [data-action="save-again"]').waitFor();
    },
  },
  "inbox-file-saved": {
    plan: filesPlan([BILL], [{ answer: { File: { ...BILL, content: [1, 2, 3] } } }]),
    act: async (page) => {
      await press(page, "read");
      await press(page, "save");
      await page.locator("[data-saved]").waitFor();
      await press(page, "close-letter");
      await page.locator('[data-offer] [data-action="save-again"]').waitFor();
    },
  },
  "letter-attachment-lost": {
    plan: filesPlan([BILL, file("data", 0)], problem("AttachmentLost")),
    act: async (page) => {
      await press(page, "read");
      await page.locator('[data-attachment="0"]').click();
      await page.locator('[data-problem="AttachmentLost"]').waitFor();
    },
  },
  "inbox-locks-soon": {
    plan: { Status: [...open, inbox(summary("1")), { Event: { LocksSoon: true } }] },
    act: (page) => page.locator('[data-locks-soon] [data-action="stay"]').waitFor(),
  },
  "settings": { plan: { Status: [...open, inbox()] }, act: (page) => press(page, "settings") },
  "settings-saved": {
    plan: { Status: [...open, inbox()], Choose: [{ answer: { Settings: { idle_minutes: 2, locks_when_hidden: true } } }] },
    act: async (page) => {
      await press(page, "settings");
      await press(page, "submit");
      await page.locator("[data-settled] p").waitFor();
    },
  },
  "settings-not-saved": {
    plan: { Status: [...open, inbox()], Choose: problem("NoStorage") },
    act: async (page) => {
      await press(page, "settings");
      await press(page, "submit");
      await page.locator('[data-problem="NoStorage"]').waitFor();
    },
  },
  "locked": { plan: { Status: status("Locked") } },
  "locked-by-itself": { plan: { Status: status("Locked") }, act: (page) => beginsAnew(page, "Idle") },
  "locked-when-hidden": { plan: { Status: status("Locked") }, act: (page) => beginsAnew(page, "Hidden") },
  "confirm-locked-by-itself": { plan: { Status: confirmed() }, act: (page) => beginsAnew(page, "Idle") },
  "locked-forgotten": { plan: { Status: status("Locked") }, act: (page) => page.locator("summary").click() },
  "locked-wrong-passphrase": {
    plan: { Status: status("Locked"), Unlock: problem("WrongPassphrase") },
    act: async (page) => {
      await typePassphrase(page, "not the passphrase");
      await page.locator('[data-problem="WrongPassphrase"]').waitFor();
    },
  },
  "open-elsewhere": { plan: { Status: status("OpenElsewhere") } },
  "enrolled-elsewhere": { plan: { Status: status("EnrolledElsewhere") } },
  "stopped": { plan: { Status: problem("TrustFile") } },
  "stopped-storage-damaged": {
    plan: { Status: problem("StorageDamaged") },
    act: (page) => page.locator('[data-action="recover"]').waitFor(),
  },
  "vault-failed": { plan: {}, version: 1 },
};

const screenOf = (state) => SCREENS.filter((screen) => state === screen || state.startsWith(`${screen}-`)).sort((a, b) => b.length - a.length)[0];

// Every field that there is, by its id: where it may be, and what it tells the browser of itself. A passphrase is
// for the reader's own password manager; a recovery code is for nobody.
const FIELDS = [
  { id: /^passphrase$/, screens: /^choose-passphrase$/, type: /^(password|text)$/, autocomplete: "new-password" },
  { id: /^passphrase$/, screens: /^(confirm|locked)$/, type: /^(password|text)$/, autocomplete: "current-password" },
  { id: /^recovery-code$/, screens: /^(recover|visit)$/, type: /^textarea$/, autocomplete: "off" },
  { id: /^group-(first|second)$/, screens: /^sheet-check$/, type: /^text$/, autocomplete: "off" },
  { id: /^idle-\d+$/, screens: /^settings$/, type: /^radio$/, autocomplete: "" },
  { id: /^hidden$/, screens: /^settings$/, type: /^checkbox$/, autocomplete: "" },
];
const fieldsSeen = new Set();

// Nothing can be ticked or filled in but what is known: there is no "remember me".
async function offersToRememberNobody(page, state) {
  const found = await page.locator('input, select, textarea, [contenteditable], [role="checkbox"], [role="switch"]').evaluateAll((all) =>
    all.map((one) => ({ id: one.id, type: one.type ?? one.localName, autocomplete: one.getAttribute("autocomplete") ?? "" })));
  const screen = screenOf(state);
  const known = ({ id, type, autocomplete }) =>
    FIELDS.findIndex((field) => field.id.test(id) && field.screens.test(screen) && field.type.test(type) && field.autocomplete === autocomplete);
  assert.deepEqual(found.filter((one) => known(one) < 0), [], `${state}: every field is a known one`);
  for (const one of found) fieldsSeen.add(known(one));
}

// Two at a time: one is painted while the other is looked at.
describe("every state", { concurrency: 2 }, () => {
  for (const [state, { plan, act, again, ...options }] of Object.entries(STATES)) {
    test(`${state}: clean in both languages, at every size, by keyboard and in forced colours, and left by Escape`, async () => {
      const { context, page, wrong } = await openWithPretendVault(browser, plan, options);
      await act?.(page);
      await shows(page, screenOf(state));
      for (const look of await lookAt(page, state, again)) seen.add(look);
      await offersToRememberNobody(page, state);
      // What any key ends is no place to walk to.
      if (again) await page.keyboard.press("Shift");
      await walks(page, state);
      await again?.(page);
      await keepsInForcedColours(page, state);
      assert.equal(await page.locator("#main-content h1").count(), 1);
      assert.equal(page.url(), `${ORIGIN}/`);
      assert.deepEqual(wrong, []);
      assert.ok(await leavesForGood(context, page, () => pressEscapeThreeTimes(page)));
      await context.close();
    });
  }
});

test("every screen was looked at in both languages and both sizes", () => {
  const expected = SCREENS.flatMap((screen) => ["en", "gd"].flatMap((language) => ["phone", "desktop"].map((size) => `${screen}-${language}-${size}`)));
  assert.deepEqual(expected.filter((look) => !seen.has(look)), []);
});

test("no screen offers to remember anybody, and no words in either language do", () => {
  assert.deepEqual([...fieldsSeen].sort(), FIELDS.map((_, place) => place), "every known field was looked at");
  // A passphrase can be easy to remember, or forgotten; a device can be out of memory.
  const spoken = ["en passphrase-advice-words", "en forgotten-title", "gd passphrase-advice-words", "gd forgotten-title", "gd problem-no-memory"];
  assert.deepEqual(saying(/\bremember|\bkeep me\b|\bstay (signed|logged)|cuimhn/i), spoken);
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
    const { context, page } = await openWithPretendVault(browser, { Status: signingIn(), Resume: [{ answer: { GoTo: address } }] });
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
  const { context, page, replan } = await openWithPretendVault(browser, { Status: confirmed(), Unlock: problem("WrongPassphrase") });
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

// The browser leaves a field to the reader: it remembers nothing, sends nothing to a speller, and
// lets everything be typed and pasted.
async function isLeftAlone(field) {
  assert.equal(await field.getAttribute("autocomplete"), "off");
  assert.equal(await field.getAttribute("spellcheck"), "false");
  assert.equal(await field.getAttribute("maxlength"), null);
  assert.ok(await field.evaluate((one) => one.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true }))));
}

test("the recovery code goes to the vault as it was typed or pasted", async () => {
  const { context, page, carried } = await openWithPretendVault(browser, comingBack);
  await press(page, "recover");
  await isLeftAlone(page.locator("#recovery-code"));
  const typed = CODE.toLowerCase().replaceAll(" ", "-");
  await typeCode(page, typed);
  await shows(page, "choose-passphrase");
  assert.deepEqual(await carried("CheckCode"), { code: typed });
  await typePassphrase(page, "four words and more");
  await shows(page, "sign-in");
  assert.deepEqual(await carried("Recover"), { code: typed, passphrase: "four words and more" });
  await context.close();
});

for (const [what, clock] of [["its timers", "both"], ["its steady clock", "wall"], ["its calendar", "steady"]]) {
  test(`what was typed before there is a mailbox is removed after five minutes, whatever happens to ${what}`, async () => {
    const { context, page } = await openWithPretendVault(browser, comingBack);
    await press(page, "recover");
    const code = page.locator("#recovery-code");
    await code.fill(CODE);
    await goesOn(page, 5 * MINUTE - 30_000, clock);
    await looks(page);
    await page.locator('[data-clears-soon] [data-action="keep-typed"]').waitFor();
    assert.equal(await code.inputValue(), CODE);
    await press(page, "keep-typed");
    await page.locator('[data-stayed="typed"]', { hasText: "stays" }).waitFor({ state: "attached" });
    assert.equal(await code.inputValue(), CODE);
    await goesOn(page, 5 * MINUTE, clock);
    // The first touch after a sleep does not begin the time anew.
    await page.keyboard.press("Shift");
    await page.locator("[data-removed]", { hasText: "Please type it again" }).waitFor();
    assert.equal(await code.inputValue(), "");
    assert.deepEqual(await groupsIn(page), []);
    // It goes with what is typed next.
    await code.pressSequentially("Q");
    await page.locator("[data-removed] p").waitFor({ state: "detached" });
    await context.close();
  });
}

test("a code that fits is forgotten with the passphrase that was typed beside it, and is asked for again", async () => {
  const { context, page } = await openWithPretendVault(browser, comingBack);
  await goToCode(page);
  await shows(page, "choose-passphrase");
  await page.locator("#passphrase").fill("four words and more");
  await goesOn(page, 5 * MINUTE);
  await page.keyboard.press("Shift");
  await shows(page, "recover");
  assert.equal(await page.locator("#recovery-code").inputValue(), "");
  await context.close();
});

test("a code that a vault had when it failed is forgotten by the page as well", async () => {
  const { context, page, heard, tell } = await openWithPretendVault(browser, { ...comingBack, Recover: [] });
  await goToCode(page);
  await shows(page, "choose-passphrase");
  await typePassphrase(page, "four words and more");
  assert.equal((await heard(3)).at(-1), "Recover");
  await tell("Unreadable");
  await shows(page, "vault-failed");
  await goesOn(page, 5 * MINUTE);
  await looks(page);
  await page.locator("[data-removed] p").waitFor();
  await context.close();
});

test("nothing of the typed code is in the document after it was sent", async () => {
  const { context, page } = await openWithPretendVault(browser, { ...comingBack, StartAgain: status("NoMailbox") });
  await press(page, "recover");
  await page.locator("#recovery-code").fill(CODE);
  assert.deepEqual(await groupsIn(page), GROUPS);
  await press(page, "submit");
  await shows(page, "choose-passphrase");
  assert.deepEqual(await groupsIn(page), []);
  await typePassphrase(page, "four words and more");
  await shows(page, "sign-in");
  assert.deepEqual(await groupsIn(page), []);
  await press(page, "start-again");
  await shows(page, "start");
  await press(page, "recover");
  await shows(page, "recover");
  assert.equal(await page.locator("#recovery-code").inputValue(), "");
  await context.close();
});

test("a code is kept while the vault cannot try it, and thrown away when it leads nowhere or the reader goes back", async () => {
  const { context, page, carried, replan } = await openWithPretendVault(browser, { ...comingBack, Recover: problem("RelayUnreachable") });
  await goToCode(page);
  await typePassphrase(page, "four words and more");
  await page.locator('[data-problem="RelayUnreachable"]').waitFor();
  await shows(page, "choose-passphrase");
  await replan("Recover", problem("CodeReplaced"));
  await press(page, "submit");
  await page.locator('[data-problem="CodeReplaced"]').waitFor();
  assert.equal((await carried("Recover")).code, CODE);
  await shows(page, "recover");
  assert.equal(await page.locator("#recovery-code").inputValue(), "");
  await typeCode(page);
  await shows(page, "choose-passphrase");
  await press(page, "back");
  await shows(page, "recover");
  assert.equal(await page.locator("#recovery-code").inputValue(), "");
  await press(page, "back");
  await shows(page, "start");
  await context.close();
});

test("a code that is not right is said beside its field, and the summary leads there", async () => {
  const { context, page } = await openWithPretendVault(browser, { ...comingBack, CheckCode: problem("CodeMalformed") });
  await goToCode(page);
  await page.locator('[data-problem="CodeMalformed"]').waitFor();
  const field = page.locator("#recovery-code");
  assert.equal(await field.inputValue(), CODE);
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match(await field.getAttribute("aria-describedby"), /recovery-code-error/);
  assert.match(await page.locator("#recovery-code-error").innerText(), /ten groups of four/);
  await page.locator("#error-summary a").click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "recovery-code");
  assert.equal(page.url(), `${ORIGIN}/`);
  await context.close();
});

test("the way to the recovery code leads back to where it began", async () => {
  const places = { "start": status("NoMailbox"), "locked": status("Locked"), "enrolled-elsewhere": status("EnrolledElsewhere"), "stopped": problem("StorageDamaged") };
  for (const [screen, answer] of Object.entries(places)) {
    const { context, page } = await openWithPretendVault(browser, { ...comingBack, Status: answer });
    await shows(page, screen);
    if (screen === "locked") await page.locator("summary").click();
    await press(page, "recover");
    await shows(page, "recover");
    await press(page, "back");
    await shows(page, screen);
    if (screen === "locked") await page.locator("summary").click();
    await goToCode(page);
    await typePassphrase(page, "four words and more");
    await shows(page, "sign-in");
    await context.close();
  }
});

test("the code is offered for damaged records, not for what it cannot mend", async () => {
  for (const [name, offers] of [["StorageDamaged", 1], ["TrustFile", 0]]) {
    const { context, page } = await openWithPretendVault(browser, { Status: problem(name) });
    await shows(page, "stopped");
    assert.equal(await page.locator('[data-action="recover"]').count(), offers, name);
    await context.close();
  }
});

test("the sheet shows every group in its order, says each character by itself, and where to go with it", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: confirmed(), Unlock: SHEET });
  await goToSheet(page);
  await shows(page, "sheet");
  assert.deepEqual(await page.locator("ol [data-group]").allInnerTexts(), GROUPS);
  for (const [place, group] of GROUPS.entries()) {
    const item = page.locator("ol > li").nth(place);
    assert.equal(await item.locator(`[data-group="${place + 1}"]`).innerText(), group);
    assert.equal(await item.locator(':scope > :not([aria-hidden="true"])').textContent(), [...group].join(" "));
  }
  assert.ok((await page.locator(".letterbox-sheet").innerText()).includes(new URL(ORIGIN).host));
  assert.equal(await page.locator("ol").getAttribute("translate"), "no");
  await context.close();
});

test("the sheet alone goes on paper", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: confirmed({ is_recovery: true }), Unlock: SHEET });
  await goToSheet(page);
  await page.evaluate(() => {
    globalThis.timesPrinted = 0;
    globalThis.print = () => {
      globalThis.timesPrinted += 1;
    };
  });
  await press(page, "print");
  assert.equal(await page.evaluate(() => globalThis.timesPrinted), 1);
  for (const language of ["en", "gd"]) {
    await speak(page, language);
    const words = () => page.evaluate(() => document.body.innerText.trim());
    const sheet = await page.evaluate(() => document.querySelector(".letterbox-sheet").innerText.trim());
    assert.notEqual(await words(), sheet);
    await page.emulateMedia({ media: "print" });
    assert.equal(await words(), sheet);
    for (const gone of ["header", '[data-action="leave"]', '[data-action="written-down"]']) {
      assert.equal(await page.locator(gone).isVisible(), false, gone);
    }
    assert.equal(await page.locator('[data-group="10"]').isVisible(), true);
    await page.screenshot({ path: picture(`sheet-on-paper-${language}`), fullPage: true });
    await page.emulateMedia({ media: null });
  }
  await context.close();
});

test("two groups are asked for by their numbers, given to the vault as typed, and the sheet can be shown again", async () => {
  const { context, page, carried, heard, replan } = await openWithPretendVault(browser, { ...writingDown, ConfirmSheet: problem("CodeMistyped") });
  await goToCheck(page);
  assert.deepEqual(await groupsIn(page), []);
  await isLeftAlone(page.getByLabel("Group 3", { exact: true }));
  await isLeftAlone(page.getByLabel("Group 8", { exact: true }));
  await typeGroups(page, " gf2t ", "ua-7x");
  await page.locator('[data-problem="CodeMistyped"]').waitFor();
  assert.deepEqual(await carried("ConfirmSheet"), { groups: [" gf2t ", "ua-7x"] });
  for (const field of ["#group-first", "#group-second"]) {
    assert.equal(await page.locator(field).getAttribute("aria-invalid"), "true");
    assert.match(await page.locator(field).getAttribute("aria-describedby"), /groups-error/);
  }
  await page.locator("#error-summary a").click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "group-first");
  await press(page, "show-sheet");
  await shows(page, "sheet");
  assert.deepEqual(await groupsIn(page), GROUPS);
  // The mistake belongs to what was typed, which is gone.
  assert.equal(await page.locator("#error-summary").count(), 0);
  await press(page, "written-down");
  await shows(page, "sheet-check");
  assert.equal(await page.locator("#group-first").inputValue(), "");
  // Something else than the groups was wrong: they need not be typed again.
  await replan("ConfirmSheet", problem("DirectoryUnreachable"));
  await typeGroups(page, "GF2T", "UA7L");
  await page.locator('[data-problem="DirectoryUnreachable"]').waitFor();
  await replan("ConfirmSheet", status("Ready"));
  await press(page, "submit");
  await shows(page, "ready");
  assert.deepEqual(await carried("ConfirmSheet"), { groups: ["GF2T", "UA7L"] });
  assert.equal((await heard(1)).filter((name) => name === "Sheet").length, 1);
  await context.close();
});

test("nothing of the code is in the document once the mailbox is ready", async () => {
  const { context, page, wrong } = await openWithPretendVault(browser, { Status: confirmed(), Unlock: SHEET, ConfirmSheet: [...status("Ready"), inbox()] });
  await goToSheet(page);
  assert.deepEqual(await groupsIn(page), GROUPS);
  await press(page, "written-down");
  await shows(page, "sheet-check");
  await typeGroups(page, "GF2T", "UA7L");
  await shows(page, "ready");
  assert.deepEqual(await groupsIn(page), []);
  await press(page, "enter");
  await shows(page, "inbox");
  assert.deepEqual(await groupsIn(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("leaving takes the code off the page before the next one is there", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: confirmed(), Unlock: SHEET });
  await goToSheet(page);
  assert.deepEqual(await groupsIn(page), GROUPS);
  await context.route("https://www.bbc.co.uk/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>Weather</title>" }));
  // In one go: the page is looked at before the browser has come to asking for the next one.
  const left = await page.evaluate(() => {
    document.querySelector('[data-action="leave"]').click();
    return { groups: document.querySelectorAll("[data-group]").length, title: document.title };
  });
  assert.deepEqual(left, { groups: 0, title: "" });
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
  for (const words of ["Received on 14 March 2026", "Answer by 30 June 2026", "By 15 April 2026, 17:00", "£1,240.00", "REF-1", "CT-1234", "Verified sender", "(https://elsewhere.example/moved)", "4 May 2026, 10:30", "4 May 2026, 11:00", "31 December 2026", "1 High Street", "Bring a paper with your address.", "The form.pdf", "In another language (gd)", "A’ chìs chomhairle agad", "Pàigh ro dheireadh na mìos.", "Halò.", "Large print.pdf", "pay.council.example, opens in a new tab", "(https://elsewhere.example/bsl)", "The letter.mp3", "The letter.brf", "The letter.pdf"]) {
    assert.ok(said.includes(words), words);
  }
  // What to do is said before by when.
  assert.match(await page.locator(".letterbox-actions__item").first().innerText(), /^Pay your council tax\s[^]*By 15 April 2026/);
  assert.equal(await page.title(), "Letter – Letterbox");
  await speak(page, "gd");
  assert.equal(await page.locator(".letterbox-letter__unit").getAttribute("lang"), "en");
  const gaelic = await page.locator("[data-letter]").innerText();
  assert.match(gaelic, /14\S* dhen Mhàrt 2026/);
  assert.match(gaelic, /Comhairle Eisimpleir/);
  await context.close();
});

test("in the list, the name that was verified and the unit that the sender chose stand apart", async () => {
  // Hebrew: without elements of their own, the one would be shown in front of the other.
  const unit = "\u05de\u05d7\u05dc\u05e7\u05d4 1";
  const { context, page } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1", { sender: { ...COUNCIL, unit } }), summary("2", { sender: { ...COUNCIL, unit: null } }))] });
  await page.locator('[data-count="2"]').waitFor();
  assert.deepEqual(await page.locator("[data-letter] bdi").allTextContents(), ["Example Council", unit, "Example Council"]);
  const lines = page.locator("[data-letter] p:has(bdi)");
  assert.deepEqual(await lines.allTextContents(), [`From Example Council, ${unit}`, "From Example Council"]);
  await speak(page, "gd");
  assert.deepEqual(await lines.allTextContents(), [`Bho Comhairle Eisimpleir, ${unit}`, "Bho Comhairle Eisimpleir"]);
  // The name is in Gaelic then, the unit in the language of its letter.
  assert.deepEqual(await page.locator("[data-letter] bdi").evaluateAll((all) => all.map(({ lang }) => lang)), ["gd", "en", "gd"]);
  await context.close();
});

test("hostile content of a letter stays text", async () => {
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  const letter = {
    ...LETTER,
    summary: summary("1", { label: hostile, sender: { ...COUNCIL, name: hostile, unit: hostile } }),
    in_plain_words: hostile,
    text: `${hostile}\n\n[press](javascript:document.title=1) [here](https://elsewhere.example/) [now](https://pay.council.example/)\n\n    ${hostile}`,
    // Not even a vault that takes these for hosts makes the page open them.
    hosts: ["javascript:document.title=1", "", "x", "https://elsewhere.example/", "elsewhere.example/", "pay.council.example"],
    contact: hostile,
    actions: [{ label: hostile, link: { url: "javascript:document.title=1", host: "x" }, amount: [1, "<b>"], by: Number.MAX_SAFE_INTEGER, address: hostile, start: Number.MAX_SAFE_INTEGER, place: hostile, details: hostile, file: hostile }],
    alternatives: [{ form: "Translation", language: hostile, file: hostile, address: hostile, label: hostile, in_plain_words: hostile, link: { url: "javascript:document.title=1", host: "x" }, text: hostile }],
    attachments: [file(hostile, Number.MAX_SAFE_INTEGER, { media_type: hostile, label: hostile, language: hostile })],
  };
  const { context, page, wrong } = await openWithPretendVault(browser, { Status: [...open, inbox(letter.summary)], Read: [{ answer: { Letter: letter } }] });
  await press(page, "read");
  await shows(page, "letter");
  assert.equal(await page.locator("#main-content :is(img, script)").count(), 0);
  assert.equal(await page.locator('#main-content a:not([href^="https://"])').count(), 0);
  const links = page.locator(".letterbox-letter__text a");
  assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.getAttribute("href"))), ["https://pay.council.example/"]);
  for (const element of ["p", "code"]) assert.equal(await page.locator(`.letterbox-letter__text ${element}`).first().textContent(), hostile);
  assert.ok((await page.locator("[data-letter]").innerText()).includes(hostile));
  assert.equal(await page.title(), "Letter – Letterbox");
  assert.deepEqual(wrong, []);
  await context.close();
});

// Keeps every address that the page makes for a file, what it is of, and whether it still leads there.
const watchAddresses = (page) =>
  page.evaluate(() => {
    globalThis.addresses = [];
    const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
    URL.createObjectURL = (blob) => {
      const address = make.call(URL, blob);
      globalThis.addresses.push({ address, type: blob.type, isThere: true });
      return address;
    };
    URL.revokeObjectURL = (address) => {
      revoke.call(URL, address);
      for (const known of globalThis.addresses) if (known.address === address) known.isThere = false;
    };
    // What the page does after a minute is done when the test says so.
    globalThis.afterAMinute = [];
    const wait = globalThis.setTimeout;
    globalThis.setTimeout = (act, milliseconds, ...more) =>
      milliseconds === 60_000 ? -globalThis.afterAMinute.push(act) : wait(act, milliseconds, ...more);
  });
const aMinutePasses = (page) => page.evaluate(() => globalThis.afterAMinute.splice(0).forEach((act) => act()));
const addresses = (page) => page.evaluate(() => globalThis.addresses.map(({ type, isThere }) => ({ type, isThere })));

async function openLetterWithFiles(files, Save) {
  const opened = await openWithPretendVault(browser, filesPlan(files, Save));
  await press(opened.page, "read");
  await shows(opened.page, "letter");
  await watchAddresses(opened.page);
  return opened;
}

const someBytes = [...Array(70_000).keys()].map((place) => (place * 7) % 256);

const IS_THERE = { type: "application/octet-stream", isThere: true };
const IS_OVER = { ...IS_THERE, isThere: false };
const savesAgain = (page, where = ".letterbox-attachments__item") => page.locator(`${where} [data-action="save-again"]`);

test("a file is saved byte for byte under its own name, as bytes, and an address leads to it for a minute", async () => {
  for (const named of [BILL, file("calculator.html", 70_000, { media_type: "text/html" })]) {
    const { context, page, wrong, carried } = await openLetterWithFiles([file("data", 0), named], [{ answer: { File: { ...named, content: someBytes } } }]);
    const isSaved = async (button) => {
      const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
      assert.equal(download.suggestedFilename(), named.file_name);
      assert.deepEqual([...readFileSync(await download.path())], someBytes);
    };
    await isSaved(page.locator('[data-attachment="1"]'));
    assert.deepEqual(await carried("Save"), { id: "1", attachment: 1 });
    await page.locator('[data-file-news][role="status"] [data-saved]').waitFor();
    // A browser may begin late, or hold back what the page asks for: the reader can ask by hand.
    assert.deepEqual(await addresses(page), [IS_THERE]);
    await isSaved(savesAgain(page));
    assert.equal(await savesAgain(page, "[data-offer]").count(), 0);
    await aMinutePasses(page);
    assert.deepEqual(await addresses(page), [IS_OVER]);
    assert.equal(await page.locator('[data-action="save-again"]').count(), 0);
    assert.equal(page.url(), `${ORIGIN}/`);
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

test("the address of a file ends at once when the next is saved, the mailbox locked or the page left", async () => {
  for (const how of ["save", "lock", "leave"]) {
    const { context, page } = await openLetterWithFiles([BILL], [{ answer: { File: { ...BILL, content: [7] } } }]);
    await context.route("https://www.bbc.co.uk/**", () => {});
    await Promise.all([page.waitForEvent("download"), press(page, "save")]);
    await savesAgain(page).waitFor();
    // In one go: nothing else comes between the press and the look.
    const isThere = await page.evaluate((action) => {
      document.querySelector(`[data-action="${action}"]`).click();
      return globalThis.addresses[0].isThere;
    }, how);
    assert.equal(isThere, false, how);
    if (how === "save") {
      // A minute after the first, the second still has its own.
      await savesAgain(page).waitFor();
      await page.evaluate(() => globalThis.afterAMinute.shift()());
      assert.deepEqual(await addresses(page), [IS_OVER, IS_THERE]);
    }
    await context.close();
  }
});

test("the way to ScotAccount says which account is meant, and once that it was begun before", async () => {
  const [any, own] = ["sign-in-step-account", "sign-in-recovery-step-account"].map((key) => words(key));
  for (const [plan, options, account, other, notes] of [
    [{ Status: signingIn() }, {}, any, own, 1],
    [{ Status: signingIn(true) }, {}, own, any, 1],
    [{ Returned: problem("SignInCancelled"), Status: signingIn() }, returned, any, own, 0],
  ]) {
    const { context, page } = await openWithPretendVault(browser, plan, options);
    await shows(page, "sign-in");
    if (notes === 0) await page.locator('[data-problem="SignInCancelled"]').waitFor();
    const parts = await page.locator("#main-content ol > li").allInnerTexts();
    assert.deepEqual([parts.includes(account), parts.includes(other)], [true, false]);
    assert.equal(await page.locator("#main-content .ds_inset-text").count(), notes);
    await context.close();
  }
});

test("who has forgotten the passphrase while finishing finds first what the words tell them to do", async () => {
  for (const [is_recovery, ways] of [[false, ["start-again", "recover"]], [true, ["recover", "start-again"]]]) {
    const { context, page } = await openWithPretendVault(browser, { Status: confirmed({ is_recovery }) });
    await shows(page, "confirm");
    assert.deepEqual(await page.locator("details [data-action]").evaluateAll((all) => all.map((button) => button.dataset.action)), ways);
    await context.close();
  }
});

test("a file that comes after its letter was closed can be saved by hand from wherever the reader is", async () => {
  const { context, page, answer } = await openLetterWithFiles([BILL]);
  await press(page, "save");
  await press(page, "close-letter");
  await shows(page, "inbox");
  await Promise.all([page.waitForEvent("download"), answer("Save", { File: { ...BILL, content: [7] } })]);
  const [download] = await Promise.all([page.waitForEvent("download"), savesAgain(page, "[data-offer]").click()]);
  assert.deepEqual([download.suggestedFilename(), ...readFileSync(await download.path())], [BILL.file_name, 7]);
  await aMinutePasses(page);
  assert.equal(await page.locator("[data-offer]").innerText(), "");
  await context.close();
});

test("how far another request is moves nothing", async () => {
  const { context, page, tell } = await openLetterWithFiles([BILL]);
  await press(page, "save");
  await page.locator("progress:not([value])").waitFor();
  await tell({ Event: { Download: { number: 0, received: 900, total: 1000 } } });
  await tell({ Event: { Download: { received: 600, total: 1000 } } });
  await page.locator("progress[value]").waitFor();
  assert.equal(await page.locator("progress").getAttribute("value"), "0.6");
  await tell({ Event: { Download: { number: 4_000_000_000, received: 900, total: 1000 } } });
  await tell(inbox(summary("2"), summary("1")));
  await page.locator("[data-news] p").waitFor();
  assert.equal(await page.locator("progress").getAttribute("value"), "0.6");
  await context.close();
});

test("a file is asked for once, and letters can be read while it comes", async () => {
  const { context, page, heard, answer } = await openLetterWithFiles([BILL]);
  for (let time = 0; time < 3; time += 1) await page.locator('[data-action="save"]').dispatchEvent("click");
  await page.locator("progress:not([value])").waitFor();
  await press(page, "close-letter");
  await shows(page, "inbox");
  await press(page, "read");
  await shows(page, "letter");
  await page.locator("progress").waitFor();
  assert.deepEqual(await heard(4), ["Status", "Read", "Save", "Read"]);
  const [download] = await Promise.all([page.waitForEvent("download"), answer("Save", { File: { ...BILL, content: [7] } })]);
  assert.deepEqual([...readFileSync(await download.path())], [7]);
  await page.locator("[data-saved]").waitFor();
  // Only now may it be saved again.
  await press(page, "save");
  assert.deepEqual((await heard(5)).filter((name) => name === "Save"), ["Save", "Save"]);
  await context.close();
});

test("how much of a file has come is seen at every step and said aloud at every quarter", async () => {
  const { context, page, tell, answer } = await openLetterWithFiles([file("data", 2_000_000)]);
  await press(page, "save");
  await page.locator("progress").waitFor();
  await page.evaluate(() => {
    const region = document.querySelector('[data-file-news][role="status"]');
    globalThis.said = [];
    new MutationObserver(() => {
      const words = region.textContent.trim();
      if (words !== "" && words !== globalThis.said.at(-1)) globalThis.said.push(words);
    }).observe(region, { childList: true, subtree: true, characterData: true });
  });
  const total = 2_100_000;
  for (let percent = 0; percent <= 100; percent += 1) await tell({ Event: { Download: { received: (total / 100) * percent, total } } });
  await page.locator('progress[value="1"]').waitFor();
  await page.getByText("Here so far: 2 MB of 2 MB").waitFor();
  await answer("Save", { File: { ...file("data"), content: [] } });
  await page.locator("[data-saved]").waitFor();
  const said = await page.evaluate(() => globalThis.said);
  assert.deepEqual(said.map((words) => words.split(" ")[0]), ["A", "Half", "Three", "The"], said.join("\n"));
  assert.equal(await page.locator("progress").count(), 0);
  await context.close();
});

test("a file that cannot be saved is said beside its button, which keeps the focus", async () => {
  const { context, page, replan } = await openLetterWithFiles([BILL, file("data", 0)], problem("AttachmentAltered"));
  await page.locator('[data-attachment="1"]').click();
  const place = page.locator(".letterbox-attachments__item").nth(1);
  await place.locator('[role="alert"] [data-problem="AttachmentAltered"]').waitFor();
  assert.equal(await page.locator("[data-problem]").count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.attachment), "1");
  assert.match(await page.locator("[data-letter]").innerText(), /Hello\./);
  assert.deepEqual(await addresses(page), []);
  await replan("Save", []);
  await page.locator('[data-attachment="0"]').click();
  await page.locator("progress").waitFor();
  assert.equal(await page.locator("[data-problem]").count(), 0);
  await context.close();
});

test("a file that fails after its letter was closed is told of where the reader is", async () => {
  const { context, page, answer } = await openLetterWithFiles([BILL]);
  await press(page, "save");
  await press(page, "close-letter");
  await shows(page, "inbox");
  await answer("Save", { Problem: "AttachmentLost" });
  await page.locator('#error-summary[data-problem="AttachmentLost"]').waitFor();
  await context.close();
});

test("a file that comes after the mailbox was locked or the page left is not saved", async () => {
  for (const leave of ["lock", "leave"]) {
    const { context, page, answer, tell } = await openLetterWithFiles([BILL]);
    // The other page has no content, so that this one stays and can still be asked.
    await context.route("https://www.bbc.co.uk/**", (route) => route.fulfill({ status: 204 }));
    await press(page, "save");
    await page.locator("progress").waitFor();
    await page.evaluate((action) => document.querySelector(`[data-action="${action}"]`).click(), leave);
    await answer("Save", { File: { ...BILL, content: [7] } });
    // Once this has arrived, so has the file, which was sent before it.
    await tell("Unreadable");
    await page.locator('html[data-screen="vault-failed"]').waitFor({ state: "attached" });
    assert.deepEqual(await addresses(page), [], leave);
    await context.close();
  }
});

test("a file says what it is and how large, and which kinds can do something is said beside them", async () => {
  const { context, page } = await openLetterWithFiles(FILES);
  const items = page.locator(".letterbox-attachments__item");
  const words = async () => (await items.allInnerTexts()).join("\n");
  for (const said of ["Cunntas chìsean 2026.pdf", "Your bill", "PDF document, 1.4 MB", "Picture, 52 KB", "Text, 1 byte", "Another kind of file, 26.2 MB", "Another kind of file, 0 bytes"]) {
    assert.ok((await words()).includes(said), said);
  }
  assert.equal(await page.getByRole("button", { name: "Save Cunntas chìsean 2026.pdf", exact: true }).count(), 1);
  await speak(page, "gd");
  for (const said of ["Sgrìobhainn PDF, 1.4 MB", "Teacsa, 1 bhaidht", "0 baidht"]) assert.ok((await words()).includes(said), said);
  assert.deepEqual(await Promise.all(FILES.map((_, place) => items.nth(place).locator(".ds_warning-text").count())), [0, 0, 0, 1, 0]);
  await context.close();

  // What is not known to be harmless has a warning.
  const careful = [
    ...["letter.pdf.EXE", "page.HTML. ", "picture.svg", "run.js", "table.xlsm", "table.xlsb", "table.xls", "letter.doc", "letter.rtf", "letter.odt", "table.ods", "slides.odp", "notes.one", "setup.msixbundle"],
    ...["start.jnlp", "find.search-ms", "phone.mobileconfig", "script.rb", "papers.zip", "papers.7z", "disk.iso", "letter.pdf.lnk", "new.kind", "letter.рdf"],
  ];
  const harmless = ["letter.PDF", "letter.docx", "exe.pdf", "table.xlsx", "list.csv", "film.mp4", "speech.mp3", "braille.brf", "photo.JPG"];
  const unnamed = ["exe", "pdf", "letter."];
  const other = await openLetterWithFiles([...careful, ...harmless, ...unnamed].map((name) => file(name, 1)));
  const said = await other.page.locator(".letterbox-attachments__item").evaluateAll((all) => all.map((item) => [item.querySelectorAll(".ds_warning-text").length, item.innerText.includes("does not say what kind")]));
  for (const [place, name] of careful.entries()) assert.deepEqual(said[place], [1, false], name);
  for (const [place, name] of harmless.entries()) assert.deepEqual(said[careful.length + place], [0, false], name);
  for (const [place, name] of unnamed.entries()) assert.deepEqual(said[careful.length + harmless.length + place], [0, true], name);
  await other.context.close();
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

test("a page whose vault has locked itself shows nothing more, though it cannot be loaded anew yet", async () => {
  const { context, page, tell } = await openLetterWithFiles([BILL], [{ answer: { File: { ...BILL, content: [7] } } }]);
  await Promise.all([page.waitForEvent("download"), press(page, "save")]);
  await savesAgain(page).waitFor();
  assert.ok((await page.locator("body").innerText()).includes("council tax"));
  // The page that is asked for anew has no content, so that this one stays and can still be asked.
  await context.route(`${ORIGIN}/`, (route) => route.fulfill({ status: 204 }), { times: 1 });
  await tell({ Event: { Locked: "Idle" } });
  await page.locator('html[data-screen="starting"]').waitFor({ state: "attached" });
  const left = await page.evaluate(() => ({
    document: document.documentElement.outerHTML.includes("council tax"),
    title: document.title.includes("council tax"),
    address: globalThis.addresses[0].isThere,
    history: history.state,
  }));
  assert.deepEqual(left, { document: false, title: false, address: false, history: "idle" });
  await page.reload();
  await page.locator("[data-why-locked]").waitFor({ state: "attached" });
  await context.close();
});

test("why it was locked is said once, on a screen whose heading has the focus and which names nobody", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: status("Locked") });
  await beginsAnew(page, "Idle");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  assert.equal(await page.locator('[data-why-locked][role="status"]').innerText(), "This page was locked because nothing was done here for a while.");
  assert.equal(await page.evaluate(() => history.state), null);
  await page.reload();
  await shows(page, "locked");
  assert.equal(await page.locator("[data-why-locked]").innerText(), "");
  await context.close();
});

test("what stands in the history by another hand says nothing", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: status("Locked") });
  await shows(page, "locked");
  await page.evaluate(() => history.replaceState("<b>somebody</b>", ""));
  await page.reload();
  await shows(page, "locked");
  assert.equal(await page.locator("[data-why-locked]").innerText(), "");
  assert.equal(await page.evaluate(() => history.state), null);
  await context.close();
});

test("the warning is said at once, takes the focus from nobody, and its button keeps the page open in its place", async () => {
  const { context, page, tell, signs, replan } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1"))] });
  const letter = page.locator('[data-action="read"]');
  await letter.focus();
  await tell({ Event: { LocksSoon: true } });
  const warning = page.locator('[data-locks-soon][role="alert"]');
  await warning.getByText("locks in a minute").waitFor();
  assert.ok(await letter.evaluate((button) => document.activeElement === button));
  // What leads the pointer to the button does not take it away.
  await replan("Active", [{ answer: "Heard" }, { Event: { LocksSoon: false } }]);
  const before = (await signs()).length;
  await press(page, "stay");
  await page.locator("[data-stayed]", { hasText: "stays open" }).waitFor({ state: "attached" });
  assert.equal(await warning.innerText(), "");
  assert.ok((await signs()).length > before);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main-content");
  await context.close();
});

test("the button that was pressed comes out from under what appears at the lower edge", async () => {
  const { context, page } = await openWithPretendVault(browser, { Status: status("NoMailbox"), Begin: [{ Event: { Progress: "Sealing" } }] });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await press(page, "begin");
  await shows(page, "choose-passphrase");
  await page.locator("#passphrase").fill("four words and more");
  const button = page.locator('[data-action="submit"]');
  // The window ends where the button does.
  const height = await button.evaluate((one) => Math.ceil(one.getBoundingClientRect().bottom + scrollY));
  await page.setViewportSize({ width: page.viewportSize().width, height });
  await page.evaluate(() => scrollTo(0, 0));
  await button.click();
  await page.waitForFunction(() => {
    const [pressed, line] = ['[data-action="submit"]', "[data-progress]"].map((one) => document.querySelector(one).getBoundingClientRect());
    return line.height > 0 && pressed.bottom <= line.top;
  });
  await context.close();
});

test("a reader who has scrolled away from what has the focus stays there when the warning comes", async () => {
  const many = Array.from({ length: 60 }, (_, number) => summary(`${number}`));
  const { context, page, tell } = await openWithPretendVault(browser, { Status: [...open, inbox(...many)] });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.locator('[data-count="60"]').waitFor();
  await page.locator('[data-action="read"]').first().focus();
  await page.evaluate(() => scrollTo(0, 1_000));
  await tell({ Event: { LocksSoon: true } });
  await page.locator('[data-locks-soon] [data-action="stay"]').waitFor();
  // What would move the page does so before it is painted next.
  const place = await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => done(scrollY))); }));
  assert.equal(place, 1_000);
  await context.close();
});

test("a page that moved because a letter came is not kept open by that", async () => {
  const many = Array.from({ length: 60 }, (_, number) => summary(`${number}`));
  const { context, page, tell, signs } = await openWithPretendVault(browser, { Status: [...open, inbox(...many)] });
  await page.locator('[data-count="60"]').waitFor();
  const moves = () => page.evaluate(() => new Promise((done) => {
    addEventListener("scroll", () => requestAnimationFrame(done), { once: true });
    scrollBy(0, 40);
  }));
  // The last sign was given long ago.
  await goesOn(page, 10_000);
  const before = (await signs()).length;
  await tell(inbox(summary("new"), ...many));
  await page.locator('[data-count="61"]').waitFor();
  await moves();
  assert.equal((await signs()).length, before);
  // Later it is the reader who scrolls.
  await goesOn(page, 10_000);
  await moves();
  assert.equal((await signs(before + 1)).length, before + 1);
  await context.close();
});

// What a reader may do, by a hand and by a script.
const byHand = async (page) => {
  for (let time = 0; time < 5; time += 1) await page.keyboard.press("Shift");
  await page.mouse.move(1, 1);
  await page.mouse.wheel(0, 10);
};
const byScript = (page) =>
  page.evaluate(() => {
    for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "touchmove", "scroll", "click", "input"]) globalThis.dispatchEvent(new Event(name));
  });

test("what the reader's hand does is told once in a while, what a script pretends never", async () => {
  for (const [act, expected] of [[byHand, ["Active"]], [byScript, []]]) {
    const { context, page, signs, heard } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1"))] });
    await page.locator("[data-letter]").waitFor();
    // Time stands still.
    await page.evaluate(() => { Date.now = () => 0; });
    await act(page);
    // What is heard after it was sent after it.
    await page.evaluate(() => document.querySelector('[data-action="read"]').click());
    await heard(2);
    assert.deepEqual(await signs(), expected, act.name);
    await context.close();
  }
});

test("where nothing is open, nothing is told of the reader", async () => {
  const { context, page, signs, heard } = await openWithPretendVault(browser, { Status: status("Locked") });
  await shows(page, "locked");
  await byHand(page);
  await typePassphrase(page, "a passphrase");
  await heard(2);
  assert.deepEqual(await signs(), []);
  await context.close();
});

// The page goes out of sight, or comes back. A browser without a screen shows all its pages always.
const setHidden = (page, isHidden) =>
  page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { value: is, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, isHidden);

test("out of sight nothing of the letters shows, and they come back when the vault says that it is not over", async () => {
  const { context, page, replan, answer, signs } = await openWithPretendVault(browser, { Status: [...open, inbox(summary("1"))], Shown: [] });
  const opacity = () => page.evaluate(() => getComputedStyle(document.body).opacity);
  await page.locator("[data-letter]").waitFor();
  assert.equal(await opacity(), "1");
  await setHidden(page, true);
  assert.equal(await opacity(), "0");
  await setHidden(page, false);
  assert.equal(await opacity(), "0");
  assert.deepEqual(await signs(1), ["Shown"]);
  await answer("Shown", "Heard");
  await page.locator("html:not([data-covered])").waitFor();
  assert.equal(await opacity(), "1");
  // It is over meanwhile: the page comes back without letters.
  await replan("Shown", [{ Event: { Locked: "Idle" } }]);
  await setHidden(page, true);
  await loadsAnewAfter(page, () => setHidden(page, false));
  await context.close();
});

test("a page that goes out of sight is emptied at once, if the reader chose that, and else is not", async () => {
  for (const locks_when_hidden of [true, false]) {
    const settings = { Event: { Settings: { idle_minutes: 5, locks_when_hidden } } };
    const { context, page, signs } = await openWithPretendVault(browser, { Status: [...open, settings, inbox(summary("1"))] });
    await page.locator("[data-letter]").waitFor();
    await setHidden(page, true);
    await page.locator(locks_when_hidden ? 'html[data-screen="starting"]' : "html[data-covered]").waitFor({ state: "attached" });
    assert.equal((await page.content()).includes("council tax"), !locks_when_hidden);
    assert.deepEqual(await signs(locks_when_hidden ? 1 : 0), locks_when_hidden ? ["Hidden"] : []);
    await context.close();
  }
});

test("what was chosen is shown, sent whole, and said to be saved once the vault says so", async () => {
  const { context, page, carried, answer } = await openWithPretendVault(browser, { Status: [...open, inbox()] });
  await press(page, "settings");
  await shows(page, "settings");
  assert.ok(await page.getByLabel("5 minutes", { exact: true }).isChecked());
  assert.equal(await page.getByRole("radio").count(), 6);
  assert.ok(!(await page.getByRole("checkbox").isChecked()));
  await page.locator('label[for="idle-60"]').click();
  await page.locator('label[for="hidden"]').click();
  await press(page, "submit");
  assert.equal(await page.locator("[data-settled]").innerText(), "");
  const chosen = { idle_minutes: 60, locks_when_hidden: true };
  await answer("Choose", { Settings: chosen });
  await page.locator('[data-settled][role="status"] p').waitFor();
  assert.deepEqual(await carried("Choose"), { settings: chosen });
  await press(page, "close-settings");
  await shows(page, "inbox");
  await press(page, "settings");
  await shows(page, "settings");
  assert.ok(await page.getByLabel("60 minutes", { exact: true }).isChecked());
  assert.ok(await page.getByRole("checkbox").isChecked());
  assert.equal(await page.locator("[data-settled]").innerText(), "");
  await context.close();
});

test("what has the focus is not under the warning that the page locks soon, four times as large", async () => {
  const letters = Array.from({ length: 12 }, (_, number) => summary(`${number}`));
  const { context, page, tell } = await openWithPretendVault(browser, { Status: [...open, inbox(...letters)] }, { viewport: ZOOMED });
  await page.locator("[data-letter]").nth(11).waitFor();
  await tell({ Event: { LocksSoon: true } });
  await page.locator('[data-locks-soon] [data-action="stay"]').waitFor();
  await walks(page, "locks-soon");
  // And it can be answered from wherever the reader is.
  await tabsTo(page, words("locks-soon-stay"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "main-content");
  await context.close();
});

test("the code of a session goes to the vault as it was typed, is nowhere in the page, and ScotAccount is a plain link to another tab", async () => {
  const { context, page, carried, wrong } = await openWithPretendVault(browser, visiting);
  await press(page, "visit");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  await isLeftAlone(page.locator("#recovery-code"));
  const before = await page.evaluate(() => history.length);
  await page.locator("#recovery-code").fill(CODE);
  assert.deepEqual(await groupsIn(page), GROUPS);
  await press(page, "submit");
  await shows(page, "visit-sign-in");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  assert.deepEqual(await carried("Visit"), { code: CODE });
  assert.deepEqual(await groupsIn(page), []);
  const link = page.getByRole("link", { name: words("sign-in-go-on") });
  assert.deepEqual(await link.evaluate(({ href, target, rel }) => ({ href, target, rel })), { href: LINK, target: "_blank", rel: "noopener noreferrer" });
  assert.deepEqual(await page.evaluate(() => [history.length, history.state]), [before, null]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an address that runs script is never the link of a session", async () => {
  const { context, page } = await openWithPretendVault(browser, { ...visiting, Visit: [{ answer: { Visit: { link: "javascript:document.title='x'" } } }] });
  await press(page, "visit");
  await typeCode(page);
  await page.locator('[data-problem="OutOfTurn"]').waitFor();
  assert.equal(await page.locator('a[href^="javascript:"]').count(), 0);
  await context.close();
});

test("a tab that waits for a session answers to its own state alone, once, and takes nothing else", async () => {
  const { context, page, heard, carried } = await openWithPretendVault(browser, { ...reading, Visited: [] });
  await goToLink(page);
  // To what is not its own it says nothing, and does not take it.
  await comesBack(page, "another");
  await says(page, { Here: { state: "another", query: "code=evil&state=another" } });
  await says(page, { Here: { state: "", query: "code=evil" } });
  await settles(page);
  assert.deepEqual(await page.evaluate(() => globalThis.channelHeard.filter((word) => word.Waiting)), []);
  assert.deepEqual(await heard(2), ["Status", "Visit"]);
  await comesBack(page);
  await shows(page, "returning");
  assert.deepEqual(await carried("Visited"), { query: "code=c&state=s" });
  await says(page, { Here: { state: "s", query: "code=again&state=s" } });
  await comesBack(page);
  await settles(page);
  assert.deepEqual(await page.evaluate(() => globalThis.channelHeard.filter((word) => word.Waiting)), []);
  assert.deepEqual(await heard(3), ["Status", "Visit", "Visited"]);
  await context.close();
});

test("after a sign-in that did not work another address is there, and the one before leads nowhere", async () => {
  const { context, page, heard } = await openWithPretendVault(browser, { ...reading, Visited: problem("SignInCancelled"), Resume: [{ answer: { Visit: { link: LINK.replace("state=s", "state=t") } } }] });
  await goToLink(page);
  await comesBack(page);
  await page.locator('[data-problem="SignInCancelled"]').waitFor();
  await shows(page, "visit-sign-in");
  assert.match(await page.locator("[data-visit-link] a").getAttribute("href"), /state=t/);
  await comesBack(page, "s");
  await settles(page);
  assert.deepEqual((await heard(4)).filter((name) => name !== "Status"), ["Visit", "Visited", "Resume"]);
  await comesBack(page, "t");
  assert.deepEqual((await heard(6)).filter((name) => name !== "Status").slice(0, 4), ["Visit", "Visited", "Resume", "Visited"]);
  await context.close();
});

test("the tab that came back hands over what it brought to the tab that waits, and asks nothing of its own vault", async () => {
  const { context, page, carried } = await openWithPretendVault(browser, reading);
  await goToLink(page);
  const other = await context.newPage();
  // A tab that a script may close would be gone.
  await other.addInitScript(() => { globalThis.close = () => { globalThis.wouldClose = true; }; });
  await other.goto(`${ORIGIN}/signed-in?code=c&state=s`);
  await shows(other, "handed-over");
  await other.waitForFunction(() => document.activeElement.tagName === "H1");
  assert.ok(await other.evaluate(() => globalThis.wouldClose));
  assert.equal(other.url(), `${ORIGIN}/`);
  await page.locator("[data-visit]").waitFor();
  assert.deepEqual(await carried("Visited"), { query: "code=c&state=s" });
  const vault = other.workers()[0] ?? (await other.waitForEvent("worker"));
  assert.deepEqual(await vault.evaluate(() => globalThis.heard ?? []), []);
  await context.close();
});

test("what came back for nobody in another tab goes to the vault of its own, and late to a tab that slept", async () => {
  const { context, page, heard } = await openWithPretendVault(browser, { Returned: problem("UnknownSignIn"), Status: status("NoMailbox") }, returned);
  await page.evaluate(() => { globalThis.close = () => {}; });
  await page.locator('[data-problem="UnknownSignIn"]').waitFor();
  assert.equal((await heard(1))[0], "Returned");
  assert.deepEqual(await waitsFor(page, "s"), { state: "s", query: "code=c&state=s" });
  await shows(page, "handed-over");
  await context.close();
});

for (const [what, plan, opens] of [
  ["an open mailbox", { Unlock: open }, (page) => shows(page, "inbox")],
  ["a mailbox that is being opened", { Unlock: [] }, (page) => page.locator("[data-progress]", { hasText: words("progress-waiting") }).waitFor()],
]) {
  test(`what came back for a tab that slept closes no ${what}, and goes nowhere`, async () => {
    const { context, page } = await openWithPretendVault(browser, { Returned: status("Locked"), ...plan }, returned);
    await page.evaluate(() => { globalThis.close = () => { globalThis.wouldClose = true; }; });
    await shows(page, "locked");
    await typePassphrase(page, "harbour violin seventeen");
    await opens(page);
    // From here on it is written down what is said.
    await comesBack(page, "nobody's");
    await says(page, { Waiting: "s" });
    await settles(page);
    assert.deepEqual(await page.evaluate(() => globalThis.channelHeard.filter((word) => word.Here)), []);
    assert.notEqual(await page.evaluate(() => document.documentElement.dataset.screen), "handed-over");
    assert.equal(await page.evaluate(() => globalThis.wouldClose), undefined);
    await context.close();
  });
}

test("while a session reads there is no lock and no setting, and the way out is a button that stays where it is", async () => {
  const { context, page, tell } = await openWithPretendVault(browser, reading);
  await goToReading(page);
  await page.locator("[data-letter]").waitFor();
  for (const action of ["lock", "settings"]) assert.equal(await page.locator(`[data-action="${action}"]`).count(), 0, action);
  const signOut = page.getByRole("link", { name: words("visit-sign-out") });
  assert.equal(await signOut.getAttribute("href"), "https://scotaccount.example/authorize/logout");
  assert.equal(await signOut.getAttribute("rel"), "noopener noreferrer");
  // The vault says its state again and again.
  const close = page.locator('[data-action="close-visit"]');
  await close.focus();
  await tell({ Event: { Status: "Visiting" } });
  await tell(inbox(summary("2"), summary("1")));
  await page.locator("[data-letter]").nth(1).waitFor();
  assert.ok(await close.evaluate((button) => document.activeElement === button));
  await context.close();
});

for (const [how, act] of Object.entries({
  "the button": (page) => page.evaluate(() => document.querySelector('[data-action="close-visit"]').click()),
  "leaving": (page) => page.evaluate(() => document.querySelector('[data-action="leave"]').click()),
  "the page going away": (page) => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))),
})) {
  test(`a session is ended by ${how}, and nothing of a letter is left in the document`, async () => {
    const { context, page, heard } = await openWithPretendVault(browser, reading);
    await context.route("https://www.bbc.co.uk/**", (route) => route.fulfill({ status: 204 }));
    await goToReading(page);
    await press(page, "read");
    await shows(page, "letter");
    assert.ok((await page.content()).includes("council tax"));
    await act(page);
    await heard(5);
    assert.ok((await heard(1)).includes("Lock"));
    await page.waitForFunction(() => !document.documentElement.outerHTML.includes("council tax"));
    if (how === "the page going away") {
      // It is shown again from behind the "back" button: not as it was.
      await loadsAnewAfter(page, () => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))));
      await shows(page, "visit-over");
    }
    await context.close();
  });
}

test("who is told of a session hears it once, and the vault hears exactly what was on the screen", async () => {
  const { context, page, heard, carried, tell } = await openWithPretendVault(browser, toldOf(OPEN_NOW, session("a1", { is_news: false })));
  await notices(page).waitFor();
  await heard(2);
  assert.deepEqual(await carried("ToldOf"), { sessions: [unended(OPEN_NOW)] });
  assert.equal(await page.locator('[data-sessions][role="status"]').count(), 1);
  const said = () => page.locator("[data-sessions]").innerText();
  assert.match(await said(), /opened with your recovery code on another device on 23 November 2026, 09:05\. They are open there now\./);
  // What the reader has not put away stays, without being news, and its end is news again.
  await tell(sessions({ ...OPEN_NOW, is_news: false }, session("a1", { is_news: false })));
  const over = { ...OPEN_NOW, end: "Device", ends: seconds("2026-11-23T09:20:00Z") };
  await tell(sessions(over, session("a1", { is_news: false })));
  await page.locator("[data-sessions]", { hasText: "closed there on 23 November 2026, 09:20" }).waitFor();
  await heard(3);
  assert.deepEqual(await carried("ToldOf"), { sessions: [over] });
  await press(page, "session-was-me");
  await notices(page).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "main-content");
  await tell(sessions({ ...over, is_news: false }, session("a1", { is_news: false })));
  await press(page, "settings");
  await page.locator("[data-session-list] li", { hasText: words("session-end-device") }).waitFor();
  assert.equal(await notices(page).count(), 0);
  assert.equal((await heard(1)).filter((name) => name === "ToldOf").length, 2);
  await context.close();
});

test("what nobody could see was not told", async () => {
  const { context, page, heard, tell, carried } = await openWithPretendVault(browser, toldOf());
  await page.locator("[data-letter]").waitFor();
  await setHidden(page, true);
  await tell(sessions(OPEN_NOW));
  await notices(page).waitFor({ state: "attached" });
  // The page has had time to paint: a browser without a screen paints always.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.ok(!(await heard(1)).includes("ToldOf"));
  await setHidden(page, false);
  // The page asks how things stand as well.
  assert.ok((await heard(3)).includes("ToldOf"));
  assert.deepEqual(await carried("ToldOf"), { sessions: [unended(OPEN_NOW)] });
  await context.close();
});

test("a session is ended from its notice by its name, and who did not read is led to a new code", async () => {
  const { context, page, carried, heard, replan } = await openWithPretendVault(browser, toldOf(OPEN_NOW));
  await notices(page).waitFor();
  await press(page, "end-session");
  assert.deepEqual(await carried("EndSession"), { id: OPEN_NOW.id });
  await replan("Lock", []);
  await replan("EndSession", problem("RelayUnreachable"));
  // The relay does not answer: the way to a new code, which ends it too, is open all the same.
  await press(page, "session-not-me");
  assert.deepEqual((await heard(5)).slice(2), ["EndSession", "EndSession", "Lock"]);
  await page.waitForEvent("load");
  await shows(page, "inbox");
  assert.equal(await page.evaluate(() => history.state), null);
  await context.close();
});
