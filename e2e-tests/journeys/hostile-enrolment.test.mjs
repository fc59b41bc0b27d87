// A directory that lies to somebody who has no mailbox yet, comes back with the recovery code, or reads on a
// device that is not theirs: about who signed in, about what ScotAccount confirmed, about what is published.
// Each lie is found out with words that name it. Nothing is signed or believed on it and nothing is shown as
// ready; where the directory is honest again, the same person goes on.
//
// The test stands between a real device and the real directory, which checks what it publishes: it cannot be
// made to publish keys of its own making for somebody. That lie is in the tests of the parts alone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { device, keptOf } from "../support/device.mjs";
import { asks } from "../support/exchange.mjs";
import { holds } from "../support/kept.mjs";
import { MAIRI, attempt, person, sendForReceipt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";
import { forged, tokensOf } from "../support/tokens.mjs";
import { answers, read, rewritten, turned } from "../support/wire.mjs";

// Somebody of the same name and birth date has a mailbox: what the directory gave them is all that it could
// give to Ann in its place.
const ANN = person("Ann", "Murray", "1990-06-15", "IV1 1AA");
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");

const SIGN_IN = asks("POST", "/v1/sign-ins");
const COLLECT = asks("POST", "/v1/sign-ins/collect");
const SHOWN = asks("POST", "/v1/sign-ins/entries");
const TICKET = asks("POST", "/v1/sign-ins/session");
const PUBLISH = asks("POST", "/v1/entries");

// The three times at ScotAccount.
const [ACCOUNT, IDENTITY, AT_ADDRESS] = [0, 1, 2];
// By their places: in what is asked of a sign-in (the handle comes last and may be left out) and answered, ...
const STAGE = 0, PROPOSED = 3, HANDLE = 4;
const ID_TOKEN = 1, CITIZEN = 2, ENROLLED = 3;
// ... in what is collected (the address comes last and may be left out), ...
const OF_NAME = 0, NAME = 1, ADDRESS = 2;
// ... and in what is to be published and what is proven of it.
const ENTRY = 1;
const HEAD = 0, PRESENCE = 1, WITHOUT_POSTCODE = 2, WITH_POSTCODE = 3;

// What the browser asks for the addresses is loaded once they are known.
const stack = await startStack("--between-directory");
const directory = await standBetween(stack.env, "DIRECTORY");
Object.assign(process.env, stack.env);
const { launch, openPage, press, shows, typePassphrase } = await import("../support/browser.mjs");
const { wordsOf } = await import("../support/reader.mjs");
const { readsSheet, typesBack } = await import("../support/recovery.mjs");
const { begin, goToScotAccount, throughScotAccount } = await import("../support/scotaccount.mjs");
const { opensTabs, signsInBeside, typesVisitCode } = await import("../support/visiting.mjs");
const { LETTERBOX_SEND: SEND, LETTERBOX_DATA: DATA } = stack.env;

let folder;
let browser;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-hostile-enrolment-"));
});
after(async () => {
  await browser?.close();
  await stack.stop();
  await directory.stop();
  rmSync(folder, { recursive: true });
});

const stateOf = (name) => join(folder, `${name}.json`);
const start = (who, { state = who, ...more } = {}) => device(who, { state: stateOf(state), env: stack.env, ...more });

// What the directory answers, and what it is asked, while `does` goes on.
async function notes(matches, does) {
  const noted = directory.alter({ matches });
  await does();
  noted.end();
  return noted.exchanges[0];
}

const hasNoMailbox = (state) => assert.deepEqual(["enrolled", "ready"].filter((name) => holds(stateOf(state), name)), [], "no mailbox");

// Nobody is there to be written to.
async function isNotListed(recipient) {
  const { code, said } = await attempt(recipient, {}, SEND);
  assert.equal(code, 10, said);
}

// Starts a device while the directory lies. It ends with these words, and has asked for nothing to be
// published. Returns what was asked and answered about the lie.
async function isCaught(how, words, { who = "ann", state = who, ...more } = {}) {
  const published = directory.alter({ matches: PUBLISH });
  const lie = directory.alter(how);
  try {
    await assert.rejects(start(who, { state, ...more }).report, words);
  } finally {
    lie.end();
  }
  assert.throws(() => published.end(), /nobody asked/, "nothing was published");
  assert.ok(!holds(stateOf(state), "signed"), "nothing was signed");
  hasNoMailbox(state);
  return lie.exchanges;
}

// All of a table: what it says, and the words.
async function areCaught(lies, how, more) {
  for (const [what, [change, words]] of Object.entries(lies)) {
    await isCaught({ ...how, ...answers(change) }, words, more).catch((error) => { throw new Error(what, { cause: error }); });
  }
}

// What it says of one stage of a sign-in; of the others it says what is so.
const at = (stage, change) => (answer, asked) => { if (read(asked.content)[STAGE] === stage) change(answer, asked); };

// --- what it gave to others

// Of the other Ann: her ID tokens, her tokens with name and address, her entry, and what was proven of it.
const others = {};

test("somebody of the same name and birth date has a mailbox, and the one who has none is not listed", async () => {
  const noting = Object.entries({ signIn: SIGN_IN, collected: COLLECT, published: PUBLISH }).map(([name, matches]) => [name, directory.alter({ matches })]);
  await start("ann2").report;
  for (const [name, noted] of noting) {
    noted.end();
    others[name] = noted.exchanges[0];
  }
  others.idToken = read(others.signIn.given.content)[ID_TOKEN];
  others.tokens = read(others.collected.given.content);
  others.entry = Buffer.from(read(others.published.asked.content)[ENTRY]);
  await isNotListed(ANN);
});

// --- who signed in (LBX-BIND-2)

const OTHER_KEY = /cannot show that this device signed in: the sign-in was made for another key/;
const OTHER_ISSUER = /from another identity provider, or for another service/;
const OUT_OF_TIME = /the sign-in is too old, or the clock of the device is wrong/;

// A token that Ann's device was given and that was for an earlier try.
let earlier;

test("a token that is not for this sign-in of this device begins nothing, however rightly it is signed", async () => {
  const signedAnew = tokensOf(DATA, "login");
  const token = (change) => at(ACCOUNT, (answer) => { answer[ID_TOKEN] = change(answer[ID_TOKEN]); });
  const claim = (change) => token((one) => signedAnew(one, change));
  const [exchange] = await isCaught({ matches: SIGN_IN, ...answers(token(forged)) }, /the identity provider's signature does not hold/);
  earlier = read(exchange.given.content)[ID_TOKEN];
  await areCaught({
    "no token": [token(() => ""), /the token is not a signed token/],
    "the token of somebody else": [token(() => others.idToken), OTHER_KEY],
    "the token of an earlier try": [token(() => earlier), OTHER_KEY],
    "of another issuer": [claim((claims) => { claims.iss = "https://evil.example"; }), OTHER_ISSUER],
    "for another client": [claim((claims) => { claims.aud = "other"; }), OTHER_ISSUER],
    "for two clients": [claim((claims) => { claims.aud = [claims.aud, "other"].flat(); }), OTHER_ISSUER],
    "an old one": [claim((claims) => { claims.exp = claims.iat - 600; }), OUT_OF_TIME],
    "one of the future": [claim((claims) => { claims.iat += 600; }), OUT_OF_TIME],
  }, { matches: SIGN_IN });
  await isNotListed(ANN);
});

// Goes on with whoever is at ScotAccount now, as if it were the person of before.
const goesOnWithAnother = {
  matches: SIGN_IN,
  request: ({ content }) => ({ content: rewritten(content, (asked) => { asked[STAGE] = ACCOUNT; asked.length = HANDLE; }) }),
  ...answers((answer, asked) => {
    answer[CITIZEN] = read(asked.content)[PROPOSED];
    answer[ENROLLED] = false;
  }),
};
const OTHER_PERSON = /the sign-ins at ScotAccount were of different people/;
const OTHER_ID = /changed the id of this person on the way/;

test("what is not for the same person and the same device at each later stage is not gone on with", async () => {
  const otherToken = (answer) => { answer[ID_TOKEN] = others.idToken; };
  const earlierToken = (answer) => { answer[ID_TOKEN] = earlier; };
  const otherId = (answer) => { answer[CITIZEN] = turned(answer[CITIZEN]); };
  const liesAt = (stage) => ({
    "the token of somebody else": [at(stage, otherToken), OTHER_KEY],
    "the token of an earlier try": [at(stage, earlierToken), OTHER_KEY],
    "another id": [at(stage, otherId), OTHER_ID],
  });
  await areCaught(liesAt(IDENTITY), { matches: SIGN_IN });
  // The other Ann is at ScotAccount, with the device of this one.
  await isCaught(goesOnWithAnother, OTHER_PERSON, { who: "ann2", state: "ann" });
  await areCaught(liesAt(AT_ADDRESS), { matches: SIGN_IN });
  await isNotListed(ANN);
});

test("an id that was not the one to go on with is found out at the next stage, and who begins again is free of it", async () => {
  const lie = { matches: SIGN_IN, ...answers(at(ACCOUNT, (answer) => { answer[CITIZEN] = turned(answer[CITIZEN]); })) };
  await isCaught(lie, OTHER_ID, { who: "noaddr" });
  rmSync(stateOf("noaddr"));
  const { letters, with_postcode } = await start("noaddr").report;
  assert.deepEqual([letters, with_postcode], [[], false]);
});

// --- what ScotAccount confirmed

const ofName = (words) => new RegExp(`cannot show that the name is confirmed: ${words}`);
const ofAddress = (words) => new RegExp(`cannot show that the address is confirmed: ${words}`);
const ANOTHER = "the sign-in and the name are of different people";

test("nothing is signed on a name or an address that ScotAccount did not confirm for this person", async () => {
  const signedAnew = tokensOf(DATA, "attributes");
  const withWarnings = (claims) => { claims.verified_claims[0].verification.outcome = "VERIFIED_WITH_WARNINGS"; };
  const swap = (place, change) => (collected) => { collected[place] = change(collected[place]); };
  await areCaught({
    "an earlier sign-in": [swap(OF_NAME, () => earlier), ofName("the sign-in was made for another key")],
    "the sign-in of somebody else": [swap(OF_NAME, () => others.tokens[OF_NAME]), ofName("the sign-in was made for another key")],
    "the name of somebody who is called the same": [swap(NAME, () => others.tokens[NAME]), ofName(ANOTHER)],
    "a forged name": [swap(NAME, forged), ofName(".*the identity provider's signature does not hold")],
    "a name with warnings": [swap(NAME, (token) => signedAnew(token, withWarnings)), ofName("the identity provider did not confirm the identity")],
    "the address of somebody else": [swap(ADDRESS, () => others.tokens[ADDRESS]), ofAddress(ANOTHER)],
    "no address": [(collected) => { collected.length = ADDRESS; }, /left out the address that it said was confirmed/],
  }, { matches: COLLECT });
  await isNotListed(ANN);
});

// --- what is published (LBX-DIR-12)

// What the directory proved of Ann's first entry.
let first;
// Her recovery code in force, and what the senders of her letters have kept.
let code;
const kept = [];

async function isWrittenTo(state, subject, { recover } = {}) {
  kept.push(keptOf(await sendForReceipt(ANN, { subject }, SEND)));
  const report = await start("ann", { state, recover }).report;
  assert.deepEqual([report.letters.map(keptOf).reverse(), report.unopened, report.not_filed], [kept, [], 0]);
  return report;
}

test("an entry is not taken for published unless it is proven, and it is one and the same that is asked for again", async () => {
  const asked = [];
  const lies = {
    "nothing below the postcode": [(published) => { published[WITH_POSTCODE] = null; }, /does not lead from this person's details to their entry/],
    "something else below the name": [(published) => { published[WITHOUT_POSTCODE] = published[PRESENCE]; }, /did not prove whom these details lead to/],
    "something else for the entry": [(published) => { published[PRESENCE] = published[WITHOUT_POSTCODE]; }, /did not prove which keys this person has/],
    "an altered head": [(published) => { published[HEAD] = rewritten(published[HEAD], (head) => { head[0] = turned(head[0], -10); }); }, /a signature on the directory's head does not hold/],
    "no head": [(published) => { published[HEAD] = Buffer.from([0x80]); }, /did not answer in its format/],
    "what is proven of somebody else": [() => read(others.published.given.content), /did not prove which keys this person has/],
  };
  for (const [what, [change, words]] of Object.entries(lies)) {
    const lie = directory.alter({ matches: PUBLISH, ...answers(change) });
    await assert.rejects(start("ann").report, words, what);
    lie.end();
    asked.push(...lie.exchanges.map((exchange) => read(exchange.asked.content)[ENTRY]));
    hasNoMailbox("ann");
  }
  const { code: exit, printed } = await attempt(ANN, { more: ["--tries", "1"] }, SEND);
  assert.ok(exit !== 0 && printed === "", "nobody can write to a mailbox that is not open");
  first = await notes(PUBLISH, async () => { ({ code } = await start("ann").report); });
  asked.push(read(first.asked.content)[ENTRY]);
  assert.equal(new Set(asked.map((entry) => Buffer.from(entry).toString("hex"))).size, 1);
  await isWrittenTo("ann", "After every lie on the way in");
});

test("another device's entry in the place of one's own is found out, and the mailbox is the other device's", async () => {
  const LATE = { state: "paul-late" };
  const late = start("paul", { ...LATE, hold: "signed" });
  await late.holding;
  const { given } = await notes(PUBLISH, () => start("paul").report);
  const lie = directory.alter({ matches: PUBLISH, instead: () => given });
  late.goOn();
  await assert.rejects(late.report, /shows another entry than the one that was published from here/);
  lie.end();
  hasNoMailbox(LATE.state);
  // It says itself that there is another.
  await assert.rejects(start("paul", LATE).report, /status 409/);
  const letter = keptOf(await sendForReceipt(PAUL, {}, SEND));
  assert.deepEqual((await start("paul").report).letters.map(keptOf), [letter]);
});

// --- the way back

const BACK = { state: "ann-back" };
const HOLDS_NOT = "keys with a history that does not hold: ";

test("the way back leads to no mailbox of somebody else, and to none by entries that do not hold", async () => {
  // A chain of two entries.
  ({ code } = await start("ann", { state: "ann-again", recover: code }).report);
  BACK.recover = code;
  const OTHER_OWNER = /this recovery code is for the mailbox of somebody else/;
  await areCaught({
    "that there is no mailbox": [at(ACCOUNT, (answer) => { answer[ENROLLED] = false; }), OTHER_OWNER],
    "another id": [at(ACCOUNT, (answer) => { answer[CITIZEN] = turned(answer[CITIZEN]); }), OTHER_OWNER],
    "the token of somebody else": [at(ACCOUNT, (answer) => { answer[ID_TOKEN] = others.idToken; }), OTHER_KEY],
  }, { matches: SIGN_IN }, BACK);
  const show = (change) => (shown) => { shown[0] = change(shown[0]); };
  const history = (words) => new RegExp(HOLDS_NOT + words);
  await areCaught({
    "nothing": [show(() => []), history("the directory sent no entry")],
    "somebody else's": [show(() => [others.entry]), history("the chain has an entry of somebody else")],
    "a forged first entry": [show(([one, two]) => [turned(one, -20), two]), history("an entry is not signed by a key that may change it")],
    "a forged recovery": [show(([one, two]) => [one, turned(two, -20)]), history("an entry is not signed by a key that may change it")],
    "all but the first": [show(([, two]) => [two]), history("the chain of entries starts neither at its first entry")],
    "one twice": [show(([one]) => [one, one]), history("the chain of entries is broken")],
    "all but the newest": [show(([one]) => [one]), /this recovery code was replaced by a newer one/],
    "what is none": [show(() => [Buffer.from([0x80])]), /did not answer in its format/],
    "more than there can be": [show(() => Array.from({ length: 256 }, () => Buffer.from([0x80]))), /answered in a form that it does not have/],
  }, { matches: SHOWN }, BACK);
  await isWrittenTo("ann-again", "While somebody lies about the way back");
});

test("entries that are others than before, when all is confirmed, are found out, and so is a publication that was none", async () => {
  // To where all is confirmed.
  await isCaught(goesOnWithAnother, OTHER_PERSON, { who: "ann2", ...BACK });
  await areCaught({ "the name of somebody else": [(collected) => { collected[NAME] = others.tokens[NAME]; }, ofName(ANOTHER)] }, { matches: COLLECT }, BACK);
  await areCaught({
    "fewer": [(shown) => { shown[0].pop(); }, /shows another history of this person's keys than it showed before/],
    "somebody else's": [(shown) => { shown[0] = [others.entry]; }, /the chain has an entry of somebody else/],
  }, { matches: SHOWN }, BACK);
  // What was published is the first entry, and never this one.
  const lie = directory.alter({ matches: PUBLISH, instead: () => first.given });
  await assert.rejects(start("ann", BACK).report, /shows another entry than the one that was published from here/);
  lie.end();
  hasNoMailbox(BACK.state);
  await isWrittenTo("ann-again", "The device of before has it still");
  await start("ann", BACK).report;
  await isWrittenTo(BACK.state, "After every lie on the way back", BACK);
});

// --- what a person is told

const PASSPHRASE = "harbour violin seventeen moss";

// Tells a lie while a person does something. They read what happened in these words and no others, and are
// where they were: nothing is shown as ready, and there is no letter.
async function isTold(page, how, problem, does, screen) {
  const lie = directory.alter(how);
  await does();
  await page.locator(`[data-problem="${problem}"]`).getByText(wordsOf(problem), { exact: true }).waitFor();
  lie.end();
  await shows(page, screen);
  assert.equal(await page.locator("[data-problem]").count(), 1);
  assert.equal(await page.locator("[data-letter]").count(), 0);
}

// The sheet of the mailbox that Màiri has in the end.
let sheet;

test("a person is told of each lie on the way to a mailbox, and goes on from there once the directory is honest", async () => {
  browser = await launch();
  const { context, page, wrong } = await openPage(browser);
  await begin(page, PASSPHRASE);
  const signsIn = async () => {
    await goToScotAccount(page);
    return throughScotAccount(page, "mairi");
  };
  const anothers = at(ACCOUNT, (answer) => { answer[ID_TOKEN] = others.idToken; });
  await isTold(page, { matches: SIGN_IN, ...answers(anothers) }, "DirectoryOtherSignIn", signsIn, "sign-in");
  await isNotListed(MAIRI);
  assert.equal(await signsIn(), "confirm");
  await typePassphrase(page, PASSPHRASE);
  sheet = await readsSheet(page);
  await press(page, "written-down");

  const finishes = () => typesBack(page, sheet);
  const anothersName = (collected) => { collected[NAME] = others.tokens[NAME]; };
  await isTold(page, { matches: COLLECT, ...answers(anothersName) }, "DirectoryOtherDetails", finishes, "sheet-check");
  await isNotListed(MAIRI);
  const unproven = (published) => { published[PRESENCE] = published[WITHOUT_POSTCODE]; };
  await isTold(page, { matches: PUBLISH, ...answers(unproven) }, "DirectoryLied", finishes, "sheet-check");
  const leadsElsewhere = (published) => { published[WITH_POSTCODE] = null; };
  await isTold(page, { matches: PUBLISH, ...answers(leadsElsewhere) }, "DirectoryOtherKeys", finishes, "sheet-check");

  await finishes();
  await shows(page, "ready");
  await press(page, "enter");
  await shows(page, "inbox");
  await sendForReceipt(MAIRI, { subject: "After every lie" }, SEND);
  await page.getByRole("button", { name: "After every lie", exact: true }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

// LBX-SESSION-9
test("a person on a device that is not theirs is told of each lie, and no session is opened on any", async () => {
  const { context, page, wrong } = await opensTabs(browser);
  const asked = [];
  context.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const OPENING = "/v1/recovery/session";
  await typesVisitCode(page, sheet);
  const signsIn = () => signsInBeside(page, "mairi");
  const lies = {
    DirectoryOtherSignIn: [SIGN_IN, (answer) => { answer[ID_TOKEN] = others.idToken; }],
    OtherOwner: [SIGN_IN, (answer) => { answer[ENROLLED] = false; }],
    DirectoryLied: [SHOWN, (shown) => { shown[0] = [others.entry]; }],
  };
  for (const [problem, [matches, change]] of Object.entries(lies)) {
    await isTold(page, { matches, ...answers(change) }, problem, signsIn, "visit-sign-in");
  }
  assert.ok(!asked.includes(OPENING), "the relay was not asked for a session");
  // The relay takes no ticket that the directory did not seal.
  const altered = (answer) => { answer[0] = turned(answer[0]); };
  await isTold(page, { matches: TICKET, ...answers(altered) }, "RelayRefused", signsIn, "visit-sign-in");
  assert.ok(asked.includes(OPENING));

  await signsIn();
  await page.locator("[data-visit]").waitFor();
  await shows(page, "inbox");
  await page.getByRole("button", { name: "After every lie", exact: true }).waitFor();
  // The browser itself reports that the relay refused the ticket; nothing else went wrong.
  assert.deepEqual(wrong.filter((report) => !/^console: Failed to load resource: .* status of 403/.test(report)), []);
  await context.close();
});
