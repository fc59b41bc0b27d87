// Nothing of a person stands anywhere in the clear: a mailbox is set up, a letter with a file is sent, read
// and saved, and locked; mistakes are made and strangers ask. Then every file of relay, directory, client
// host and public body, their logs in full detail, what they say of themselves, and the locked profile of
// the browser are searched for canaries, in every form in which a program may write them.
//
// Each search first finds every form of every canary where it was planted. To see the whole bite, take out
// what keeps sled's own lines out of the log (`service/src/telemetry.rs`): the relay's log then has the
// number of the mailbox, as numbers.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { drive } from "../support/driving.mjs";
import { pdf } from "../support/files.mjs";
import { leaks } from "../support/leaks.mjs";
import { profileIn } from "../support/profile.mjs";
import { MAIRI, attempt, person, sendForReceipt } from "../support/sender.mjs";
import { CLIENT, DIRECTORY, RELAY, startServices } from "../support/services.mjs";
import { read } from "../support/wire.mjs";

const PASSPHRASE = "harbour violin seventeen moss";
const WORDS = `canary-${randomUUID()}`;
const SUBJECT = `Your council tax ${WORDS}`;
const FILE_NAME = `canary-${randomUUID()}`;
const STRANGER = `stranger-${randomUUID()}`;
const NOBODY = `Nic${randomBytes(8).toString("hex")}`;
// A paper whose bytes no compression makes shorter, so that pieces of it stay as they are.
const PAPER = Buffer.concat([pdf(WORDS), randomBytes(200_000)]);
const pieces = [4000, 100_000, PAPER.length - 32].map((start) => PAPER.subarray(start, start + 32));

// Where the directory's answers and requests have what is not to be found (`api/src/directory.rs`).
const SIGN_IN = { request: { code: 1, verifier: 2 }, answer: { handle: 0, idToken: 1, citizen: 2 } };
const COLLECTED = { idToken: 0, claims: 1, address: 2 };
const PUBLISHED = { mailbox: 4, voucher: 5 };
const LOOKUP = { permits: 5 };

// What may be found all the same, where, and why. Each is needed: one that is not is to be struck out.
const ALLOWED = [
  { canary: "the number of the mailbox", where: /^data\/relay\//, why: "the relay's rows are kept by it; it is all that the relay knows of a person" },
  { canary: "the citizen's id", where: /^data\/directory\//, why: "it stands in the signed entry, which every public body that looks the person up is shown" },
  { canary: "the citizen's id", where: /^data\/body[^/]*\.state\//, why: "the public body remembers the signed entries of those it wrote to, to find out a directory that tells another story later" },
];

// What the browser may keep although the mailbox is locked, and so is not looked for there: its history has
// the address with the code, which was used once; the record of a sign-in under way lies open for an hour
// (LBX-LOCAL-3), and the browser's database keeps deleted records until it tidies up; the pages of the stand-in
// for ScotAccount call its people by their names without accents.
const OPEN_ON_THE_DEVICE = /^(code|verifier|handle) |^the citizen's id$|^the given name as it is compared$/;

let folder;
let theirs;
let services;
let between;
let directory;
let by;
let mairi;
// The recovery code, and what was said between device, public body and directory.
let code;
let canaries;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-leaks-"));
  const inFull = { RUST_LOG: "trace" };
  const environment = Object.fromEntries([RELAY, DIRECTORY, CLIENT].map((name) => [name, inFull]));
  // Everything that is not the person's own device.
  theirs = join(folder, "theirs");
  mkdirSync(theirs);
  services = await startServices(join(theirs, "data"), { environment, between: true, betweenDirectory: true });
  between = await standBetween(services.env);
  directory = await standBetween(services.env, "DIRECTORY");
  by = await drive(services);
  mairi = await by.openPage(profileIn(join(folder, "profile")));
});
after(async () => {
  await mairi?.context.close().catch(() => {});
  await services?.stop();
  await between?.stop();
  await directory?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// What was asked and answered at a path, and succeeded.
const successes = (exchanges, path) =>
  exchanges
    .filter(({ asked, given }) => asked.method === "POST" && asked.url.split("?")[0] === path && given.status === 200)
    .map(({ asked, given }) => ({ asked: asked.content, answer: read(given.content) }));

// A token is told by its signature.
const signatureOf = (token) => Buffer.from(token.split(".")[2].slice(0, 40));
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

function gather(exchanges) {
  const signIns = successes(exchanges, "/v1/sign-ins");
  const [collected] = successes(exchanges, "/v1/sign-ins/collect");
  const [published] = successes(exchanges, "/v1/entries");
  const [lookup] = successes(exchanges, "/v1/lookups");
  assert.equal(signIns.length, 3, "one for each step at ScotAccount");
  const found = {
    // The first is short: it is planted in the name of a file.
    "the number of the mailbox": Buffer.from(published.answer[PUBLISHED.mailbox]),
    "the citizen's id": Buffer.from(signIns[0].answer[SIGN_IN.answer.citizen]),
    "the letter": WORDS,
    "the name of the file": FILE_NAME,
    ...Object.fromEntries(pieces.map((piece, place) => [`the file, piece ${place}`, piece])),
    "the passphrase": PASSPHRASE,
    "the recovery code": code,
    "the recovery code in one word": code.replaceAll(" ", ""),
    "the given name": "Màiri",
    "the family name": "MacDonald",
    // As `crypto-core/src/person.rs` folds it. The family name is the same but for its capitals.
    "the given name as it is compared": "mairi",
    "ScotAccount's name for the person": claimsOf(collected.answer[COLLECTED.idToken]).sub,
    "the postcode": "EH1 1AA",
    "the postcode in one word": "EH11AA",
    "the birth date": "1985-03-14",
    "the birth date in words": "14 March 1985",
    "the birth date on a form": "14/03/1985",
    // As Rust prints a structure and a list, and as JSON has a list.
    "the birth date by its fields": "year: 1985, month: 3, day: 14",
    "the birth date as a list": "1985, 3, 14",
    "the birth date as a close list": "1985,3,14",
    // [1985, 3, 14] in CBOR, as `crypto-core/src/person.rs` writes it.
    "the birth date as it is encoded": Buffer.from("831907c1030e", "hex"),
    "who has no mailbox": NOBODY,
    "ID token of the collection": signatureOf(collected.answer[COLLECTED.idToken]),
    "claims token": signatureOf(collected.answer[COLLECTED.claims]),
    "address token": signatureOf(collected.answer[COLLECTED.address]),
    "voucher": Buffer.from(published.answer[PUBLISHED.voucher]).subarray(40, 72),
    "permit": Buffer.from(lookup.answer[LOOKUP.permits][0]).subarray(40, 72),
    "what a stranger said": STRANGER,
  };
  for (const [place, { asked, answer }] of signIns.entries()) {
    const request = read(asked);
    found[`code ${place}`] = Buffer.from(request[SIGN_IN.request.code]);
    found[`verifier ${place}`] = Buffer.from(request[SIGN_IN.request.verifier]);
    found[`handle ${place}`] = Buffer.from(answer[SIGN_IN.answer.handle]);
    found[`ID token ${place}`] = signatureOf(answer[SIGN_IN.answer.idToken]);
  }
  return found;
}

test("a person sets up a mailbox, reads a letter, saves its file and locks", async () => {
  const { begin, goToScotAccount, press, readsSheet, shows, throughScotAccount, typePassphrase, typesBack } = by;
  const { page, wrong } = mairi;
  const heard = directory.alter({ matches: () => true });
  await begin(page, PASSPHRASE);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "confirm");
  await typePassphrase(page, PASSPHRASE);
  code = await readsSheet(page);
  await press(page, "written-down");
  await typesBack(page, code);
  await shows(page, "ready");
  await press(page, "enter");
  await shows(page, "inbox");

  const file = join(folder, `${FILE_NAME}.pdf`);
  writeFileSync(file, PAPER);
  const letter = { subject: SUBJECT, text: `Dear Ms MacDonald, the secret word is ${WORDS}.\n`, attach: [file], more: ["--unit", `Unit ${WORDS.slice(0, 20)}`, "--summary", `In short: ${WORDS}`] };
  await sendForReceipt(MAIRI, letter, services.env.LETTERBOX_SEND);
  await page.locator("[data-letter]").waitFor();
  await press(page, "read");
  await shows(page, "letter");
  assert.ok((await page.content()).includes(WORDS));
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator('[data-action="save"][data-attachment="0"]').click()]);
  assert.ok(readFileSync(await download.path()).equals(PAPER), "the file is saved as it was sent");
  await download.delete();
  await press(page, "lock");
  await shows(page, "locked");
  assert.deepEqual(wrong, []);
  canaries = gather(heard.exchanges);
  heard.end();
});

test("mistakes are made, and strangers ask, with what must not be repeated", async () => {
  // Nobody of that name: the answer is proven, and the name is in no log.
  const { code: exit } = await attempt(person(NOBODY, NOBODY, "1985-03-14", "EH1 1AA"), { subject: SUBJECT }, services.env.LETTERBOX_SEND);
  assert.equal(exit, 10);
  const { page } = mairi;
  await by.typePassphrase(page, `${PASSPHRASE} ${STRANGER}`);
  await page.locator('[data-problem="WrongPassphrase"]').waitFor();

  const { LETTERBOX_RELAY_ORIGIN, LETTERBOX_DIRECTORY_ORIGIN, LETTERBOX_CLIENT_ORIGIN } = services.env;
  const headers = { authorization: `Bearer ${STRANGER}`, cookie: `session=${STRANGER}`, "x-forwarded-for": STRANGER, "signature-input": `sig1=("@method");keyid="${STRANGER}"`, signature: `sig1=:${STRANGER}:` };
  for (const origin of [LETTERBOX_RELAY_ORIGIN, LETTERBOX_DIRECTORY_ORIGIN, LETTERBOX_CLIENT_ORIGIN]) {
    for (const path of ["/", "/signed-in", "/v1/mailbox/letters", `/v1/mailbox/blobs/${STRANGER}`, `/${STRANGER}`]) {
      await (await fetch(new URL(`${path}?code=${STRANGER}&state=${STRANGER}`, origin), { headers })).arrayBuffer();
    }
    for (const path of ["/v1/deposits", "/v1/mailboxes", "/v1/sign-ins", "/v1/sign-ins/collect", "/v1/entries", "/v1/lookups", "/v1/bodies", "/oauth/token"]) {
      for (const type of ["application/cbor", "application/json", "application/x-www-form-urlencoded"]) {
        await (await fetch(new URL(path, origin), { method: "POST", headers: { ...headers, "content-type": type }, body: `client_secret=${STRANGER}` })).arrayBuffer();
      }
    }
  }
});

test("nothing is kept for the page, in any of the places that a page can read", async () => {
  const { timesKept } = await import("../support/canary.mjs");
  const texts = Object.entries(canaries).filter(([name, value]) => typeof value === "string" && !OPEN_ON_THE_DEVICE.test(name));
  for (const [name, value] of texts) assert.equal(await timesKept(mairi.page, value), 0, name);
});

test("in what the services keep and say there is nothing but what the design allows", async () => {
  const logs = join(theirs, "logs");
  mkdirSync(logs);
  for (const name of [RELAY, DIRECTORY, CLIENT]) {
    for (const path of ["/metrics", "/healthz", "/readyz"]) {
      const [status, said] = await services.asks(name, path);
      if (name !== CLIENT) assert.equal(status, 200, `${name} ${path}`);
      writeFileSync(join(logs, `${name}-${path.slice(1)}`), said);
    }
  }
  const { context } = mairi;
  await context.close();
  await services.stop();
  for (const name of [RELAY, DIRECTORY, CLIENT]) {
    const log = services.log(name);
    assert.match(log, /TRACE.*the log is in full detail/, `${name} logs everything`);
    assert.doesNotMatch(log, /eyJ[\w-]{8,}\.[\w-]{8,}\.|client_assertion|access_token/, `${name} logs no token at all`);
    writeFileSync(join(logs, name), services.written(name));
  }
  // The stand-in is ScotAccount itself, which knows who people are.
  rmSync(join(theirs, "data", "scotaccount"), { recursive: true });

  const found = leaks(theirs, canaries);
  const allows = ({ canary, file }) => ALLOWED.find((one) => one.canary === canary && one.where.test(file));
  assert.deepEqual(found.filter((one) => !allows(one)), []);
  for (const one of ALLOWED) assert.ok(found.some((leak) => allows(leak) === one), `nothing needs that ${one.canary} may be in ${one.where}`);
});

test("in the locked profile of the browser there is nothing to read", () => {
  const hidden = Object.fromEntries(Object.entries(canaries).filter(([name]) => !OPEN_ON_THE_DEVICE.test(name)));
  assert.deepEqual(leaks(join(folder, "profile"), hidden), []);
});
