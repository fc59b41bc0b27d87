// Everything by ear: a mailbox is set up, a letter read, a file saved, the settings changed and the mailbox locked
// with what a screen reader has, and no more: what things are and what they are called. What is said by itself is
// heard. No screen reader takes part.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadsAnewAfter } from "../support/anew.mjs";
import { words } from "../support/catalogue.mjs";
import { listenTo } from "../support/listening.mjs";
import { MINUTE, goesOn, looks } from "../support/page-clock.mjs";
import { MAIRI, send } from "../support/sender.mjs";
import { eventually, startStack } from "../support/stack.mjs";
import { treeOf } from "../support/tree.mjs";

// A person of its own: a stack of its own.
const stack = await startStack();
Object.assign(process.env, stack.env);
const { launch, openPage } = await import("../support/browser.mjs");
const { openWithPretendVault, problem, status } = await import("../support/pretend-vault.mjs");

const PASSPHRASE = "harbour violin seventeen moss";
const SUBJECT = "Your council tax";
const FILE = "Cunntas chìsean.txt";
const CONTENT = "Bill of the year.\n".repeat(100);

let folder;
let browser;
let page;
let wrong;
let tree;
let ears;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-tree-"));
  writeFileSync(join(folder, FILE), CONTENT);
  browser = await launch();
  const prepare = async (context) => { ears = await listenTo(context); };
  ({ page, wrong } = await openPage(browser, { prepare }));
  tree = await treeOf(page);
});
after(async () => {
  await browser?.close();
  await stack.stop();
  rmSync(folder, { recursive: true });
});

// A screen says its name in the title and in one heading, which is read first.
async function isOn(name, heading, { isRead = true } = {}) {
  await eventually(`the page is called ${name}`, async () => (await tree.title()) === words("page-title", { screen: words(name) }));
  await eventually(`the heading is ${heading}`, async () => {
    const [first, ...more] = (await tree.all("heading")).filter(({ is }) => is.level === 1);
    return first?.name === heading && more.length === 0 && (!isRead || (await tree.focused())?.id === first.id);
  });
  assert.equal((await tree.all("main")).length, 1);
}

test("the first screen says where one is, what can be done, and in what language", async () => {
  await isOn("start-name", words("start-title"), { isRead: false });
  assert.equal((await tree.all("banner")).length, 1);
  await tree.find("link", words("skip-to-content"));
  const { description } = await tree.find("button", words("leave-now"));
  assert.equal(description, words("leave-now-hint"));
  await page.keyboard.press("Escape");
  await ears.hears("Press Escape 2 more times");
  // Another key begins the count anew.
  await page.keyboard.press("Shift");
  await tree.press("button", "Gàidhlig");
  await tree.find("button", "English");
  assert.match(await tree.wordsOf("main", ""), /awaiting review by a fluent speaker/);
  await tree.press("button", "English");
  await tree.press("button", words("start-begin"));
});

test("a passphrase is chosen, and what is wrong with it is said at once and beside the field", async () => {
  await isOn("choose-passphrase-name", words("choose-passphrase-title"));
  const field = await tree.find("textbox", words("passphrase-label"));
  assert.equal(field.description, words("choose-passphrase-hint"));
  await tree.type(words("passphrase-label"), "short");
  await tree.press("button", words("choose-passphrase-button"));
  await ears.hears(words("problem-passphrase-too-short"), { urgently: true });
  const told = await eventually("the field says what is wrong", async () => {
    const [now] = await tree.all("textbox", words("passphrase-label"));
    return now?.description.includes(words("problem-passphrase-too-short")) && now;
  });
  assert.equal(`${told.is.invalid}`, "true");
  await tree.press("button", words("passphrase-show"));
  await ears.hears(words("passphrase-is-shown"));
  await tree.press("button", words("passphrase-hide"));
  await ears.hears(words("passphrase-is-hidden"));
  await tree.type(words("passphrase-label"), PASSPHRASE);
  await tree.press("button", words("choose-passphrase-button"));
  await ears.hears(words("step-sealing"));
  await isOn("sign-in-name", words("sign-in-title"));
  assert.ok((await tree.all("StaticText", words("sign-in-step-address"))).length > 0);
});

test("the way through ScotAccount and back is found by ear", async () => {
  await tree.press("button", words("sign-in-go-on"));
  for (;;) {
    const [button] = await eventually("the stand-in asks, or the page does", async () => {
      const asked = await tree.all("button", "Continue");
      // The page has a button of that name as well.
      const isStandIn = new URL(page.url()).origin === process.env.LETTERBOX_SCOTACCOUNT_ORIGIN;
      if (isStandIn && asked.length > 0) return asked;
      return (await tree.title()) === words("page-title", { screen: words("confirm-name") }) && [null];
    });
    if (!button) break;
    if ((await tree.all("radio")).length > 0) {
      await tree.press("radio", "Màiri MacDonald");
      assert.equal(`${(await tree.find("radio", "Màiri MacDonald")).is.checked}`, "true");
    }
    // There are three such pages: the next one is another.
    const gone = page.waitForURL((url) => url.origin !== process.env.LETTERBOX_SCOTACCOUNT_ORIGIN, { waitUntil: "commit" });
    await tree.press("button", "Continue");
    await gone;
  }
  await isOn("confirm-name", words("confirm-title"));
});

test("the recovery code is heard, a character at a time, and typed back", async () => {
  await tree.type(words("passphrase-label"), PASSPHRASE);
  await tree.press("button", words("confirm-button"));
  await isOn("sheet-name", words("sheet-title"));
  await tree.find("button", words("sheet-written-down"));
  const spelled = (await tree.all("StaticText")).map(({ name }) => name.trim()).filter((text) => /^(?:[0-9A-Z] ){3}[0-9A-Z]$/.test(text));
  assert.equal(spelled.length, 10);
  await tree.press("button", words("sheet-written-down"));
  await isOn("sheet-check-name", words("sheet-check-title"));
  const [label] = words("sheet-check-group", { number: "#" }).split("#");
  const fields = await tree.all("textbox");
  assert.equal(fields.length, 2);
  for (const { name } of fields) await tree.type(name, spelled[Number(name.replace(label, "")) - 1].replaceAll(" ", ""));
  await tree.press("button", words("sheet-check-button"));
  await ears.hears(words("step-verifying"));
  await isOn("ready-name", words("ready-title"));
  await tree.press("button", words("ready-enter"));
  await isOn("inbox-name", words("inbox-title"));
});

test("a letter that comes is said, and is found, opened and heard with who sent it", async () => {
  // Once the first look is over, what comes is news.
  await tree.find("heading", words("inbox-empty-title"));
  const text = "Dear Ms MacDonald,\n\nyour council tax goes up.\n\n# What changes\n\n- The rate\n- The band\n";
  await send(MAIRI, { subject: SUBJECT, text, attach: [join(folder, FILE)] }, stack.env.LETTERBOX_SEND);
  await ears.hears("A new letter has come.");
  const item = await tree.find("heading", SUBJECT);
  assert.equal(item.is.level, 2);
  await tree.press("button", SUBJECT);
  await isOn("letter-name", SUBJECT);
  const heading = await tree.focused();
  assert.match(heading.description, /Example Council.*Verified sender/);
  assert.ok((await tree.find("heading", "What changes")).is.level > (await tree.find("heading", words("letter-text-title"))).is.level);
  assert.match(await tree.wordsOf("article", /^/), /your council tax goes up/);
  await tree.find("region", words("letter-to-do-title"));
  const how = await tree.find(/^DisclosureTriangle/, words("sender-how-title"));
  assert.equal(`${how.is.expanded}`, "false");
  await tree.press(/^DisclosureTriangle/, words("sender-how-title"));
  await eventually("it says that it is open", async () => `${(await tree.find(/^DisclosureTriangle/, words("sender-how-title"))).is.expanded}` === "true");
});

test("a file is saved by its name, and that it was is said", async () => {
  await tree.find("region", words("attachments-title"));
  const [download] = await Promise.all([page.waitForEvent("download"), tree.press("button", `${words("attachment-save")} ${FILE}`)]);
  assert.equal(readFileSync(await download.path(), "utf8"), CONTENT);
  await ears.hears(words("attachment-saved"));
  await tree.find("link", `${words("attachment-save-again")} ${FILE}`);
  await tree.press("button", words("letter-back"));
  await isOn("inbox-name", words("inbox-title"));
});

test("the settings say what is chosen, and that a choice was saved", async () => {
  await tree.press("button", words("settings-open"));
  await isOn("settings-name", words("settings-name"));
  assert.equal((await tree.find("group", words("settings-idle"))).description, words("settings-idle-hint"));
  assert.equal(`${(await tree.find("radio", "5 minutes")).is.checked}`, "true");
  await tree.press("radio", "10 minutes");
  const hidden = await tree.find("checkbox", words("settings-hidden"));
  assert.equal(hidden.description, words("settings-hidden-hint"));
  await tree.press("button", words("settings-save"));
  await ears.hears(words("settings-saved"));
  await tree.press("button", words("letter-back"));
  await isOn("inbox-name", words("inbox-title"));
});

test("the mailbox is locked, a wrong passphrase is said, the right one opens it", async () => {
  await tree.press("button", words("lock"));
  await isOn("locked-name", words("locked-title"), { isRead: false });
  assert.doesNotMatch(await tree.wordsOf("main", ""), /council tax/);
  await tree.type(words("passphrase-label"), "not the passphrase");
  await tree.press("button", words("locked-button"));
  await ears.hears(words("step-unlocking"));
  await ears.hears(words("problem-wrong-passphrase"), { urgently: true });
  assert.match(await tree.title(), /^Error: /);
  await tree.type(words("passphrase-label"), PASSPHRASE);
  await tree.press("button", words("locked-button"));
  await isOn("inbox-name", words("inbox-title"));
  await tree.find("button", SUBJECT);
  assert.deepEqual(ears.unheard(), []);
  assert.deepEqual(wrong, []);
});

const summary = (id) => ({
  id,
  label: `Letter ${id}`,
  language: "en",
  sender: { name: "Example Council", name_in_gaelic: null, domain: "council.example", unit: null, is_suspended: false },
  arrived: 1_773_478_800,
});
const inbox = (...letters) => ({ Event: { Inbox: letters } });
const open = [{ Event: { Settings: { idle_minutes: 5, locks_when_hidden: false } } }, ...status("Open"), { Event: { Connection: "Live" } }, inbox(summary("1"))];
const BILL = { file_name: "Bill.pdf", media_type: "application/pdf", size: 1000, label: null, language: null };
const letter = { summary: summary("1"), text: "Hello.", hosts: [], actions: [], attachments: [BILL], alternatives: [] };
const reading = { Status: open, Read: [{ answer: { Letter: letter } }] };
const saved = { File: { ...BILL, content: [1, 2, 3] } };
const reads = async (by) => {
  await by.tree.press("button", "Letter 1");
  await by.tree.find("button", `${words("attachment-save")} Bill.pdf`);
};
const saves = async (by) => {
  await reads(by);
  await by.tree.press("button", `${words("attachment-save")} Bill.pdf`);
  await by.heard(3);
};

// A passphrase that was typed lies in its field, and nothing is done.
async function lies({ page: shown, tree: seen }, milliseconds) {
  await seen.type(words("passphrase-label"), PASSPHRASE);
  await goesOn(shown, milliseconds);
  await looks(shown);
}

// Each part of the page that is said aloud: where it is made, and what makes it speak.
const SAID = [
  { file: "leave.rs", says: "Press Escape 2 more times to leave this page.", plan: { Status: status("NoMailbox") }, act: ({ page: shown }) => shown.keyboard.press("Escape") },
  { file: "passphrase.rs", says: words("passphrase-is-shown"), plan: { Status: status("Locked") }, act: (by) => by.tree.press("button", words("passphrase-show")) },
  { file: "progress.rs", says: words("step-loading"), plan: { Status: open }, act: (by) => by.tell({ Event: { Progress: "Loading" } }) },
  {
    file: "problem.rs",
    says: words("problem-wrong-passphrase"),
    urgently: true,
    plan: { Status: status("Locked"), Unlock: problem("WrongPassphrase") },
    async act(by) {
      await by.tree.type(words("passphrase-label"), "not the passphrase");
      await by.tree.press("button", words("locked-button"));
    },
  },
  { file: "notes.rs", says: words("problem-relay-lied"), urgently: true, plan: { Status: open }, act: (by) => by.tell({ Event: { Alarm: "RelayLied" } }) },
  { file: "notes.rs", says: words("connection-lost"), plan: { Status: open }, act: (by) => by.tell({ Event: { Connection: "Lost" } }) },
  { file: "notes.rs", says: "A new letter has come.", plan: { Status: open }, act: (by) => by.tell(inbox(summary("2"), summary("1"))) },
  {
    file: "notes.rs",
    says: words("attachment-saved"),
    plan: reading,
    async act(by) {
      await saves(by);
      await by.tree.press("button", words("letter-back"));
      await by.tree.find("heading", words("inbox-title"));
      await by.answer("Save", saved);
    },
  },
  {
    file: "attachments.rs",
    says: "Half of the file is here.",
    plan: reading,
    async act(by) {
      await saves(by);
      await by.tell({ Event: { Download: { received: 600, total: 1000 } } });
    },
  },
  {
    file: "attachments.rs",
    says: words("problem-attachment-lost"),
    urgently: true,
    plan: { ...reading, Save: problem("AttachmentLost") },
    act: saves,
  },
  { file: "idle.rs", says: words("locks-soon"), urgently: true, plan: { Status: open }, act: (by) => by.tell({ Event: { LocksSoon: true } }) },
  {
    file: "idle.rs",
    says: words("locks-later"),
    plan: { Status: open },
    async act(by) {
      await by.tell({ Event: { LocksSoon: true } });
      await by.tree.press("button", words("locks-soon-stay"));
      await by.tell({ Event: { LocksSoon: false } });
    },
  },
  {
    file: "idle.rs",
    says: words("locked-idle"),
    plan: { Status: status("Locked") },
    async act({ page: shown, tell }) {
      // The vault says that it has locked itself: the page begins anew.
      await loadsAnewAfter(shown, () => tell({ Event: { Locked: "Idle" } }));
    },
  },
  {
    file: "screens/settings.rs",
    says: words("settings-saved"),
    plan: { Status: open, Choose: [{ answer: { Settings: { idle_minutes: 10, locks_when_hidden: false } } }] },
    async act(by) {
      await by.tree.press("button", words("settings-open"));
      await by.tree.press("button", words("settings-save"));
    },
  },
  {
    file: "sessions.rs",
    says: "Your letters were opened with your recovery code on another device",
    plan: { Status: open, ToldOf: [{ answer: "Done" }] },
    act: (by) => by.tell({ Event: { Sessions: [{ id: "a1", opened: 1_773_478_800, asked: 1_773_478_900, ends: 1_773_479_000, end: "Itself", is_news: true }] } }),
  },
  {
    file: "typed.rs",
    says: words("typed-removed"),
    plan: { Status: status("Locked") },
    act: (by) => lies(by, 5 * MINUTE),
  },
  {
    file: "typed.rs",
    says: words("typed-ends-soon"),
    urgently: true,
    plan: { Status: status("Locked") },
    act: (by) => lies(by, 4 * MINUTE),
  },
  {
    file: "typed.rs",
    says: words("typed-stays"),
    plan: { Status: status("Locked") },
    async act(by) {
      await lies(by, 4 * MINUTE);
      await by.tree.press("button", words("typed-stay"));
    },
  },
  { file: "screens/vault_failed.rs", says: words("vault-failed-text"), urgently: true, plan: {}, version: 1, act: () => {} },
];

for (const { file, says, urgently = false, plan, version, act } of SAID) {
  test(`"${says.slice(0, 60)}" is said ${urgently ? "at once" : "politely"}`, async () => {
    const context = await browser.newContext({ locale: "en-GB" });
    const heardBy = await listenTo(context);
    // The context is there already, so that what listens is in it before the page.
    const there = { newContext: () => context };
    const by = await openWithPretendVault(there, plan, version ? { version } : {});
    by.tree = await treeOf(by.page);
    if (!version) await by.heard(1);
    if (plan.Status === open) await by.tree.find("button", "Letter 1");
    await act(by);
    await heardBy.hears(says, { urgently });
    assert.deepEqual(heardBy.unheard(), [], file);
    const live = urgently ? "assertive" : "polite";
    const said = (await by.tree.all(/^/)).filter(({ is }) => is.live === live);
    assert.ok(said.length > 0, `the tree has a part that is said ${live}`);
    await context.close();
  });
}

test("no part of the page is said aloud that is not heard here", () => {
  const sources = new URL("../../client/app/src/", import.meta.url);
  const parts = readdirSync(sources, { recursive: true })
    .filter((name) => name.endsWith(".rs"))
    .flatMap((name) => readFileSync(new URL(name, sources), "utf8").match(/"role", "(status|alert|log)"|"aria-live"/g)?.map(() => name) ?? []);
  assert.ok(parts.length > 10);
  assert.deepEqual(parts.sort(), SAID.map(({ file }) => file).sort());
});
