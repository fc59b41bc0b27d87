// What is sent again, altered, too late, on leave that was used, by others' leave, or from others' pages
// is refused, with words that a developer can act on, and changes nothing.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { device, keptOf } from "../support/device.mjs";
import { ask, asks, refusal } from "../support/exchange.mjs";
import { record } from "../support/kept.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";
import { keyOf, now, signed } from "../support/signed.mjs";
import { startStack } from "../support/stack.mjs";
import { read, rewritten, turned, write } from "../support/wire.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
// The same in canonical form (LBX-PERSON-1), as a lookup carries it.
const ATTRIBUTES = write([1, "paul", "wallis", [1970, 1, 1], "G21AL"]);
const LETTERS = "/v1/mailbox/letters?after=0&limit=1";
const PERMIT = "letterbox-permit";

// Five minutes is the window (LBX-REQUEST-3).
const LATE = 6 * 60;

let stack;
let relay;
let folder;
let places;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-refused-"));
  stack = await startStack("--between");
  relay = await standBetween(stack.env);
  const { LETTERBOX_RELAY_ORIGIN: RELAY, LETTERBOX_DIRECTORY_ORIGIN: DIRECTORY, LETTERBOX_CLIENT_ORIGIN: CLIENT } = stack.env;
  places = { RELAY, DIRECTORY, CLIENT };
});
after(async () => {
  await stack?.stop();
  await relay?.stop();
  rmSync(folder, { recursive: true });
});

const state = () => join(folder, "paul.json");
const paul = (more = {}) => device("paul", { state: state(), env: stack.env, ...more }).report;
const authority = (origin) => new URL(origin).host;

// What the sender has kept.
const kept = [];
// The requests that opened the mailbox and deposited the letter, as they came by.
let opening;
let depositing;
let listing;

async function isRefused(asked, origin, status, code, words) {
  const said = refusal(await ask(asked, origin));
  assert.deepEqual([said.status, said.code], [status, code], said.detail);
  assert.match(said.detail, words);
}

// In the end the mailbox has what was deposited once, and the device that may ask can.
async function nothingChanged() {
  const { letters, unopened, not_filed } = await paul();
  assert.deepEqual([letters.map(keptOf), unopened, not_filed], [kept, [], 0]);
}

test("a mailbox is opened and a letter is sent, and all of it comes by", async () => {
  const opened = relay.alter({ matches: asks("POST", "/v1/mailboxes") });
  await paul();
  opened.end();
  const deposited = relay.alter({ matches: asks("POST", "/v1/deposits") });
  const listed = relay.alter({ matches: asks("GET", "/v1/mailbox/letters") });
  kept.push(keptOf(await sendForReceipt(PAUL, { subject: "Once" }, stack.env.LETTERBOX_SEND)));
  await paul();
  for (const noted of [deposited, listed]) noted.end();
  [{ asked: opening }] = opened.exchanges;
  [depositing] = deposited.exchanges;
  [{ asked: listing }] = listed.exchanges;
});

// --- a device's requests

const NOT_SIGNED = /sign it as RFC 9421 says, with the tag letterbox-v1 and for this relay's public host name/;
const AGAIN = /received before: sign every request anew, with a fresh nonce/;
const AT_ANOTHER_TIME = /signed more than five minutes ago or ahead: set the clock/;

// LBX-REQUEST-3
test("a device's request that is sent again is refused, also after the relay went down", async () => {
  await isRefused(listing, places.RELAY, 401, "request-replayed", AGAIN);
  await stack.kill("letterbox-server");
  await isRefused(listing, places.RELAY, 401, "request-replayed", AGAIN);
  await nothingChanged();
});

// LBX-REQUEST-1
test("a device's request that was altered is refused, whatever was altered", async () => {
  const { headers } = listing;
  // Of hexadecimal as of base64.
  const another = (digit) => (digit === "a" ? "b" : "a");
  const input = (from, to) => ({ ...headers, "signature-input": headers["signature-input"].replace(from, to) });
  const cases = {
    "the query": { ...listing, url: listing.url.replace("limit=", "limit=1") },
    "the path": { ...listing, url: "/v1/mailbox/archive?after=0" },
    "the method": { ...listing, method: "DELETE", url: `/v1/mailbox/blobs/${"0".repeat(32)}` },
    "the nonce": { ...listing, headers: input(/nonce="(.)/, (_, first) => `nonce="${another(first)}`) },
    "the time": { ...listing, headers: input(/created=(\d+)/, (_, time) => `created=${Number(time) + 1}`) },
    "the key's name": { ...listing, headers: input(/keyid="(.)/, (_, first) => `keyid="${another(first)}`) },
    "what it is for": { ...listing, headers: input("letterbox-v1", "letterbox-v2") },
    "what is covered": { ...listing, headers: input('"@query" ', "") },
    "the signature": { ...listing, headers: { ...headers, signature: headers.signature.replace(/:(.)/, (_, first) => `:${another(first)}`) } },
    "the digest": { ...listing, headers: { ...headers, "content-digest": `sha-256=:${randomBytes(32).toString("base64")}:` } },
  };
  for (const [what, asked] of Object.entries(cases)) {
    const said = refusal(await ask(asked, places.RELAY));
    assert.deepEqual([said.status, said.code], [401, "signature-invalid"], what);
    assert.match(said.detail, NOT_SIGNED);
  }
  await nothingChanged();
});

test("a device's own key signs no request that is late, early, for another relay, or not its own", async () => {
  const key = keyOf(read(record(state(), "keys"))[5]);
  const by = (more, asked = { method: "GET", url: LETTERS }, who = key) => signed(asked, who, { authority: authority(places.RELAY), ...more });
  // Signed rightly it is taken: what is refused below is refused for what is wrong with it.
  assert.equal((await ask(by({}), places.RELAY)).status, 200);
  for (const created of [now() - LATE, now() + LATE]) {
    await isRefused(by({ created }), places.RELAY, 401, "request-out-of-time", AT_ANOTHER_TIME);
  }
  for (const wrong of [by({ authority: "relay.example" }), by({ authority: authority(places.DIRECTORY) }), by({ tag: "letterbox-v2" }), by({}, undefined, keyOf(randomBytes(32)))]) {
    await isRefused(wrong, places.RELAY, 401, "signature-invalid", NOT_SIGNED);
  }
  // A device's key does not do what a recovery code's does (LBX-RECOVER-2).
  await isRefused(by({}, { method: "GET", url: "/v1/recovery" }), places.RELAY, 401, "signature-invalid", NOT_SIGNED);
  await nothingChanged();
});

// --- leave to deposit, and leave to open

// LBX-PERMIT-1
test("a deposit that is sent again gives the first receipt, and the reader has one letter", async () => {
  const { asked, given } = depositing;
  const again = await ask(asked, places.RELAY);
  assert.equal(again.status, 200);
  assert.ok(again.content.equals(given.content));
  await nothingChanged();
});

test("a permit that was spent, altered or made up deposits nothing", async () => {
  const { asked } = depositing;
  const on = (permit) => ({ ...asked, headers: { ...asked.headers, [PERMIT]: permit.toString("base64url") } });
  const permit = Buffer.from(asked.headers[PERMIT], "base64url");
  await isRefused({ ...asked, content: turned(asked.content) }, places.RELAY, 409, "permit-spent", /used for another letter: ask the directory for a new one/);
  await isRefused(on(turned(permit)), places.RELAY, 403, "permit-invalid", /not made by this relay's directory, or was altered/);
  await isRefused(on(randomBytes(permit.length)), places.RELAY, 403, "permit-invalid", /This is not a permit or voucher/);
  const { [PERMIT]: _, ...without } = asked.headers;
  await isRefused({ ...asked, headers: without }, places.RELAY, 403, "permit-invalid", /./);
  await nothingChanged();
});

// LBX-VOUCHER-1
test("a voucher that was spent opens no mailbox again, and one that was altered opens none", async () => {
  // The same request again has the same effect.
  assert.equal((await ask(opening, places.RELAY)).status, 204);
  const altered = (change) => ({ ...opening, content: rewritten(opening.content, change) });
  await isRefused(altered((fields) => { fields[0] = turned(fields[0]); }), places.RELAY, 403, "voucher-invalid", /not made by this relay's directory, or was altered/);
  await isRefused(altered((fields) => { fields[1] = turned(fields[1]); }), places.RELAY, 403, "access-list-refused", /not signed by this mailbox's access key/);
  await nothingChanged();
});

test("a permit is no voucher and a voucher is no permit", async () => {
  const permit = Buffer.from(depositing.asked.headers[PERMIT], "base64url");
  const [voucher] = read(opening.content);
  const asVoucher = { ...opening, content: rewritten(opening.content, (fields) => { fields[0] = permit; }) };
  await isRefused(asVoucher, places.RELAY, 403, "voucher-invalid", /not made by this relay's directory/);
  const asPermit = { ...depositing.asked, headers: { ...depositing.asked.headers, [PERMIT]: Buffer.from(voucher).toString("base64url") } };
  await isRefused(asPermit, places.RELAY, 403, "permit-invalid", /not made by this relay's directory/);
  await nothingChanged();
});

test("what another directory gave leave for is refused here: its vouchers, its permits, and what its devices signed", async () => {
  const other = await startStack("--between");
  const theirs = await standBetween(other.env);
  try {
    const noted = ["/v1/mailboxes", "/v1/deposits"].map((path) => theirs.alter({ matches: asks("POST", path) }));
    const listed = theirs.alter({ matches: asks("GET", "/v1/mailbox/letters") });
    await device("paul", { env: other.env }).report;
    await sendForReceipt(PAUL, { subject: "Elsewhere" }, other.env.LETTERBOX_SEND);
    for (const note of [...noted, listed]) note.end();
    const [voucher, permit] = noted.map(({ exchanges: [{ asked }] }) => asked);
    await isRefused(voucher, places.RELAY, 403, "voucher-invalid", /not made by this relay's directory/);
    await isRefused(permit, places.RELAY, 403, "permit-invalid", /not made by this relay's directory/);
    await isRefused(listed.exchanges[0].asked, places.RELAY, 401, "signature-invalid", NOT_SIGNED);
  } finally {
    await other.stop();
    await theirs.stop();
  }
  await nothingChanged();
});

// --- a public body's requests

test("a lookup that is sent again, altered, late, for another directory or by nobody's key is refused", async () => {
  const [, seed] = readFileSync(join(stack.env.LETTERBOX_DATA, "body.keys"), "utf8").match(/^signing_key = "(.*)"$/m);
  const key = keyOf(Buffer.from(seed, "base64url"));
  const content = write([ATTRIBUTES, null, 1]);
  const by = (more, who = key) => signed({ method: "POST", url: "/v1/lookups", content }, who, { authority: authority(places.DIRECTORY), ...more });
  const first = by({});
  assert.equal((await ask(first, places.DIRECTORY)).status, 200);
  await isRefused(first, places.DIRECTORY, 401, "request-replayed", /./);
  const notSigned = /not signed by a valid key of an active public body/;
  const another = write([write([1, "ann", "murray", [1990, 6, 15]]), null, 1]);
  await isRefused({ ...by({}), content: another }, places.DIRECTORY, 401, "signature-invalid", notSigned);
  await isRefused(by({ authority: authority(places.RELAY) }), places.DIRECTORY, 401, "signature-invalid", notSigned);
  await isRefused(by({}, keyOf(randomBytes(32))), places.DIRECTORY, 401, "signature-invalid", notSigned);
  for (const created of [now() - LATE, now() + LATE]) {
    await isRefused(by({ created }), places.DIRECTORY, 401, "request-out-of-time", /signed more than five minutes ago or ahead/);
  }
});

// --- pages of others

test("a page of another origin may neither ask nor read, and the client's may", async () => {
  for (const place of [places.RELAY, places.DIRECTORY]) {
    const preflight = (origin) => ask({ method: "OPTIONS", url: "/v1/mailboxes", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } }, place);
    const allowed = ({ headers }) => headers["access-control-allow-origin"];
    assert.equal(allowed(await preflight(places.CLIENT)), places.CLIENT);
    const others = ["https://evil.example", places.CLIENT.replace("localhost", "127.0.0.1"), `${places.CLIENT}.evil.example`, places.CLIENT.replace("http:", "https:"), "null", stack.env.LETTERBOX_SCOTACCOUNT_ORIGIN];
    for (const origin of others) {
      assert.equal(allowed(await preflight(origin)), undefined, origin);
      const answer = await ask({ method: "GET", url: "/v1/registry", headers: { origin } }, place);
      assert.equal(allowed(answer), undefined, origin);
    }
    const { headers } = await preflight(places.CLIENT);
    assert.equal(headers["access-control-allow-credentials"], undefined, "there are no cookies to send");
  }
});

test("what is sent as a form or as text, which a page of another origin may send unasked, is refused", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const asked = { ...opening, headers: { ...opening.headers, "content-type": type } };
    await isRefused(asked, places.RELAY, 415, "unsupported-media-type", /Send it as Content-Type: application\/cbor/);
  }
});
