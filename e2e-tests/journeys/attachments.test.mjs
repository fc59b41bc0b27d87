// Files that come with a letter: from a public body's disk to the reader's, the same to the last byte,
// whatever goes down on the way; and what is refused, altered or lost.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { device } from "../support/device.mjs";
import { blobs, digestOf, pdf, whereReadable, writeSparse } from "../support/files.mjs";
import { records } from "../support/records.mjs";
import { MAIRI, attempt, person, sendForReceipt } from "../support/sender.mjs";
import { eventually, startStack } from "../support/stack.mjs";

// Processes are stopped and files spoilt here, so the browser drives a stack of its own: what it asks
// for the addresses is loaded after they are known. What stands before the relay stands still where a
// test wants it to, so that nothing depends on how fast this machine is.
const stack = await startStack("--between");
const between = await standBetween(stack.env);
Object.assign(process.env, stack.env);
const { launch, openPage, press, shows, typePassphrase } = await import("../support/browser.mjs");
const { timesKept } = await import("../support/canary.mjs");
const { picture } = await import("../support/looking.mjs");
const { isTold } = await import("../support/recovery.mjs");
const { setsUp } = await import("../support/enrolling.mjs");

const { LETTERBOX_SEND: SEND, LETTERBOX_DATA: DATA } = stack.env;
const RELAY = "letterbox-server";
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const PASSPHRASE = "harbour violin seventeen moss";
const SUBJECT = "Your application, with its papers";
const WORDS = "This line stands in the paper and nowhere else";

// What is said of a file that can start something when it is opened.
const CAN_RUN = readFileSync("client/catalogue/en.ftl", "utf8").match(/^attachment-can-run = (.*)$/m)[1];

const MIB = 1024 * 1024;
// 25 MiB as the relay has them: padded to 51 times 512 KiB, with a tag of 16 bytes for each chunk of 64 KiB.
const SEALED = 51 * 512 * 1024 + 408 * 16;
const LEAST = 4096 + 16;

const FILES = {
  "Falamh.csv": Buffer.alloc(0),
  "Aon bhaidht à.txt": Buffer.from("x"),
  "Dealbh mhòr às Ìle.png": randomBytes(25 * MIB),
  "Cunntas-cìse Dùn Èideann.pdf": pdf(WORDS),
};
const NAMES = Object.keys(FILES);
const [EMPTY, ONE, LARGE, PAPER] = NAMES.keys();
const SMALL = NAMES.filter((_, place) => place !== LARGE);

let folder;
let browser;
let mairi;
// From where the browser asked for each file.
const asked = [];
// What was saved.
const downloads = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-files-"));
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  browser = await launch();
  mairi = await openPage(browser, {
    prepare: (context) =>
      context.on("request", (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname.startsWith("/v1/mailbox/blobs/")) asked.push(Number(searchParams.get("offset")));
      }),
  });
  const { page } = mairi;
  page.on("download", (download) => downloads.push(download.suggestedFilename()));
  await setsUp(page, PASSPHRASE);
});
after(async () => {
  await browser?.close();
  await stack.stop();
  await between.stop();
  rmSync(folder, { recursive: true });
});

const paths = (names) => names.map((name) => join(folder, name));

// The browser itself reports a relay that is not there, and a refusal; nothing else may go wrong.
const isClean = () => assert.deepEqual(mairi.wrong.filter((report) => !report.startsWith("console: Failed to load resource")), []);

const saveButton = (page, place) => page.locator(`[data-action="save"][data-attachment="${place}"]`);

// Saves a file by its button. Returns its name and what is in it.
async function saves(page, place) {
  const [download] = await Promise.all([page.waitForEvent("download"), saveButton(page, place).click()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

// Without showing where 25 MiB differ.
function isFile({ name, content }, expected) {
  assert.equal(name, expected);
  assert.equal(content.length, FILES[expected].length, expected);
  assert.ok(content.equals(FILES[expected]), `${expected} is saved as it was sent`);
}

async function opens(page, subject) {
  await page.getByRole("button", { name: subject, exact: true }).click();
  await shows(page, "letter");
}

test("files of every length are sent, although the relay goes down while the largest is on its way", async () => {
  const part = between.hold({ matches: ({ method, url }) => method === "PUT" && url.endsWith(`offset=${5 * MIB}`), request: MIB / 2 });
  const sending = sendForReceipt(MAIRI, { subject: SUBJECT, text: "Your papers are with this letter.\n", attach: paths(NAMES) }, SEND);
  await Promise.race([sending, part.came]);
  const [begun] = blobs(DATA).filter(({ isPartial }) => isPartial).sort((a, b) => b.size - a.size);
  assert.equal(begun.size, 5 * MIB, "the largest file is on its way, and half a part counts nothing");
  await stack.kill(RELAY);
  await sending;

  const stored = blobs(DATA).filter(({ isPartial }) => !isPartial);
  assert.deepEqual(stored.map(({ size }) => size).sort((a, b) => a - b), [LEAST, LEAST, LEAST, SEALED]);
  // It went on with what it had: a new try would have a new number.
  assert.equal(stored.find(({ size }) => size === SEALED).name, begun.name);
});

test("the letter shows what files came with it, each with a button that saves it", async () => {
  const { page } = mairi;
  await page.locator("[data-letter]").waitFor();
  await opens(page, SUBJECT);
  const letter = await page.locator("[data-letter]").innerText();
  for (const name of NAMES) assert.ok(letter.includes(name), name);
  assert.ok(!letter.includes(CAN_RUN));
  assert.equal(await page.locator('[data-action="save"]').count(), NAMES.length);
  // Nothing is fetched before somebody asks for it.
  assert.deepEqual(asked, []);
  await page.screenshot({ path: picture("attachments-letter"), fullPage: true });
  isClean();
});

test("an empty file, one of one byte and a paper are saved as they were sent", async () => {
  const { page } = mairi;
  for (const place of [EMPTY, ONE, PAPER]) isFile(await saves(page, place), NAMES[place]);
  isClean();
});

// Notes how far the page says that the file is, for as long as it says so, and what it says besides of
// what it does. Resolves when something has come.
function watchesProgress(page) {
  return page.evaluate(() => {
    globalThis.positions = [];
    globalThis.said = new Set();
    return new Promise((resolve) => {
      const look = () => {
        const position = document.querySelector("progress")?.position ?? -1;
        if (position >= 0 && position !== globalThis.positions.at(-1)) globalThis.positions.push(position);
        globalThis.said.add(document.querySelector("[data-progress]").textContent);
        if (position > 0) resolve();
        requestAnimationFrame(look);
      };
      look();
    });
  });
}

// Stands still in the next file that a device asks for, after 10 MiB of it.
const holdsFile = () => between.hold({ matches: ({ method, url }) => method === "GET" && url.startsWith("/v1/mailbox/blobs/"), answer: 10 * MIB });

test("the largest file is saved as it was sent, with its progress, although the relay goes down meanwhile", async () => {
  const { page } = mairi;
  const before = asked.length;
  const file = holdsFile();
  const hasBegun = watchesProgress(page);
  const saving = saves(page, LARGE);
  await Promise.race([saving, Promise.all([file.came, hasBegun])]);
  await stack.kill(RELAY);
  file.breakOff();
  isFile(await saving, NAMES[LARGE]);
  const [first, ...later] = asked.slice(before);
  assert.equal(first, 0);
  assert.ok(later.length > 0 && later.every((offset) => offset > 0 && offset <= 10 * MIB), `${later}: the rest was asked for`);
  const [positions, said] = await page.evaluate(() => [globalThis.positions, [...globalThis.said]]);
  assert.ok(positions.length > 2, `${positions} is progress`);
  assert.deepEqual(positions, positions.toSorted((a, b) => a - b), "what came is not fetched again");
  // A file says how far it is, and nothing of what else the vault does.
  assert.deepEqual(said, [""]);
  isClean();
});

test("who locks while a file is on its way is locked at once, and nothing of it is saved", async () => {
  const { page } = mairi;
  const before = downloads.length;
  const file = holdsFile();
  const hasBegun = watchesProgress(page);
  await saveButton(page, LARGE).click();
  await Promise.all([file.came, hasBegun]);
  await press(page, "lock");
  await shows(page, "locked");
  file.goOn();
  // What is left in the browser of all that was saved before, outside of its folder for downloads.
  assert.equal(await timesKept(page, WORDS, SUBJECT, ...NAMES), 0);
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "inbox");
  assert.equal(downloads.length, before);
  await opens(page, SUBJECT);
  isFile(await saves(page, PAPER), NAMES[PAPER]);
  assert.equal(downloads.length, before + 1);
  await press(page, "close-letter");
  isClean();
});

test("nothing of the files, their names or the letter is readable on the relay's disk", () => {
  const middle = FILES[NAMES[LARGE]].subarray(12 * MIB, 12 * MIB + 32);
  assert.deepEqual(whereReadable(join(DATA, "relay"), [middle, WORDS, SUBJECT, ...NAMES.map((name) => name.split(".")[0])]), []);
});

test("a file that may not be sent is refused by its letter, and nothing of it is at the relay", async () => {
  const before = blobs(DATA).map(({ path }) => path).sort();
  const named = (name, length = 1) => {
    writeSparse(join(folder, name), length);
    return join(folder, name);
  };
  mkdirSync(join(folder, "folder"));
  const refused = {
    "more than 25 MiB": [named("too large.bin", 25 * MIB + 1)],
    "too much together": [named("half.bin", 20 * MIB), named("other half.bin", 20 * MIB)],
    "too many": Array(33).fill(join(folder, NAMES[ONE])),
    "a folder": [join(folder, "folder")],
    "nothing": [join(folder, "nothing.pdf")],
    "a hidden name": [named(".profile")],
    "a name with a path": [named("..\\..\\autoexec.bat")],
    "a name with an element": [named("<img src=x onerror=alert(1)>.png")],
    "a name that is read backwards": [named("invoice\u202Efdp.exe")],
  };
  for (const [what, attach] of Object.entries(refused)) {
    const { code, printed } = await attempt(MAIRI, { subject: what, attach, more: ["--json"] }, SEND);
    const { outcome, exit } = JSON.parse(printed);
    assert.deepEqual([code, outcome, exit], [24, "failed", 24], what);
  }
  assert.deepEqual(blobs(DATA).map(({ path }) => path).sort(), before);
});

test("a file that was altered at the relay is not saved, one that is gone is said to be gone, and the letter stays", async () => {
  const { page } = mairi;
  // A name that would be an element if it were read as one.
  const [name, subject, text] = ["&lt;img src=x onerror=alert(1)&gt;.html", "A form", "Please fill in the form."];
  const content = randomBytes(200_000);
  writeFileSync(join(folder, name), content);
  const before = new Set(blobs(DATA).map((blob) => blob.name));
  await sendForReceipt(MAIRI, { subject, text, attach: [join(folder, name)] }, SEND);
  // The second letter is the second: what was refused did not come.
  await page.locator("[data-letter]").nth(1).waitFor();
  assert.equal(await page.locator("[data-letter]").count(), 2);
  await opens(page, subject);
  const readable = async () => {
    const letter = await page.locator("[data-letter]").innerText();
    for (const words of [text, name, CAN_RUN, "Verified sender"]) assert.ok(letter.includes(words), words);
    assert.equal(await page.locator("[data-letter] img").count(), 0);
  };
  await readable();
  const saved = downloads.length;

  const places = blobs(DATA).filter((blob) => !before.has(blob.name));
  assert.equal(new Set(places.map((blob) => blob.name)).size, 1);
  const sealed = readFileSync(places[0].path);
  const altered = Buffer.from(sealed);
  altered[70_000] ^= 1;
  for (const { path } of places) writeFileSync(path, altered);
  await saveButton(page, 0).click();
  await isTold(page, "AttachmentAltered");
  await readable();

  for (const { path } of places) rmSync(path);
  await saveButton(page, 0).click();
  await isTold(page, "AttachmentLost");
  await readable();
  await press(page, "close-letter");
  await opens(page, subject);
  await readable();
  assert.equal(downloads.length, saved);

  for (const { path } of places) writeFileSync(path, sealed);
  assert.ok((await saves(page, 0)).content.equals(content), "what is there again is saved");
  await press(page, "close-letter");
  isClean();
});

test("a letter that is sent again with its files is shown once, and its files are saved from whichever copy has them", async () => {
  const { page } = mairi;
  const subject = "Sent twice";
  const copies = [];
  for (let time = 0; time < 2; time += 1) {
    const before = new Set(blobs(DATA).map(({ name }) => name));
    await sendForReceipt(MAIRI, { subject, attach: paths([NAMES[PAPER]]), more: ["--id", "5e".repeat(16)] }, SEND);
    copies.push(blobs(DATA).filter(({ name }) => !before.has(name)));
  }
  assert.notEqual(copies[0][0].name, copies[1][0].name);
  // What came before the last letter was looked at before it, and is in the archive once nothing waits.
  await sendForReceipt(MAIRI, { subject: "After it" }, SEND);
  await page.getByRole("button", { name: "After it", exact: true }).waitFor();
  await eventually("everything is filed", async () => !Object.keys(await records(page)).some((name) => name.startsWith("sealed/filing/")));
  assert.equal(await page.getByRole("button", { name: subject, exact: true }).count(), 1);
  assert.equal(await page.locator("[data-alarms]").innerText(), "");

  await opens(page, subject);
  for (const { path } of copies[0]) rmSync(path);
  isFile(await saves(page, 0), NAMES[PAPER]);
  for (const { path } of copies[1]) rmSync(path);
  await saveButton(page, 0).click();
  await isTold(page, "AttachmentLost");
  await press(page, "close-letter");
  isClean();
});

// The most memory that the command has had when it deposits the letter, in bytes.
async function memoryFor(letter) {
  const deposit = between.hold({ matches: ({ method, url }) => method === "POST" && url === "/v1/deposits", request: 0 });
  let id;
  const sending = sendForReceipt(MAIRI, { ...letter, started: (process) => { id = process; } }, SEND);
  await Promise.race([sending, deposit.came]);
  const [, most] = readFileSync(`/proc/${id}/status`, "utf8").match(/^VmHWM:\s+(\d+) kB$/m);
  deposit.goOn();
  await sending;
  return Number(most) * 1024;
}

test("the command that sends the largest file never has it in memory as a whole", async () => {
  const without = await memoryFor({ subject: "Without a file" });
  const more = (await memoryFor({ subject: "With a file", attach: paths([NAMES[LARGE]]) })) - without;
  assert.ok(more < 16 * MIB, `${(more / MIB).toFixed(1)} MiB more than without a file`);
});

test("a device without a browser saves the same files, and so does one that came back with the code", async () => {
  const start = (who, more) => device("paul", { state: join(folder, `${who}.json`), save: join(folder, who), expect: ["For Paul"], env: stack.env, ...more });
  const first = start("first");
  await first.listening;
  await sendForReceipt(PAUL, { subject: "For Paul", attach: paths(SMALL) }, SEND);
  const sent = SMALL.map((name) => ({ name, size: FILES[name].length, sha256: digestOf(FILES[name]) }));
  const hasAll = ({ saved }) => {
    assert.deepEqual(saved.map(({ name, size, sha256 }) => ({ name, size, sha256 })), sent);
    for (const { name, file } of saved) assert.ok(readFileSync(file).equals(FILES[name]), name);
  };
  const had = await first.report;
  hasAll(had);
  const [{ attachments }] = had.letters;
  assert.deepEqual(attachments.map(({ media_type }) => media_type), ["text/csv", "text/plain", "application/pdf"]);
  hasAll(await start("again", { recover: had.code }).report);
});
