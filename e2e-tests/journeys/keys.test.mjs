// What can be rotated is rotated as docs/operations.md says, one service at a time, and nobody notices: the
// key that relay and directory share, the key with which the directory signs in at ScotAccount, and the key
// of the relay's receipts. An operator is taken out.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { command, succeeds, trustAt } from "../support/commands.mjs";
import { device, keptOf } from "../support/device.mjs";
import { ask, asks } from "../support/exchange.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, SCOTACCOUNT, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const DEPOSIT = asks("POST", "/v1/deposits");
const LATE = "Signed for by the former key, too late";

let folder;
let services;
let between;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-keys-"));
  services = await startServices(join(folder, "data"), { between: true });
  between = await standBetween(services.env);
  await enrols("paul");
});
after(async () => {
  await between?.stop();
  await services?.stop();
  rmSync(folder, { recursive: true });
});

const key = (name) => join(services.data, "keys", name);
const enrols = (who) => device(who, { state: join(folder, `${who}.json`), env: services.env }).report;
const sends = (subject) => sendForReceipt(PAUL, { subject }, services.env.LETTERBOX_SEND);

// Changes the settings of a service, and starts it with them.
async function set(service, file, change) {
  const settings = join(services.data, file);
  const before = readFileSync(settings, "utf8");
  const now = change(before);
  assert.notEqual(now, before);
  writeFileSync(settings, now);
  await services.end(service);
  await services.start(service);
}
const relay = (change) => set(RELAY, "relay.toml", change);
const directory = (change) => set(DIRECTORY, "directory.toml", change);
const withSecondKey = (text) => text.replace(/^1 = ".*"$/m, (first) => `${first}\n2 = "file:${key("ticket-2")}"`);
const withoutFirstKey = (text) => text.replace(/^1 = ".*"\n/m, "");

test("the key that relay and directory share is replaced: letters on their way arrive, and new mailboxes open", async () => {
  const noted = between.alter({ matches: DEPOSIT });
  await sends("With the former key");
  const [{ asked, given }] = noted.exchanges;
  noted.end();
  const again = () => ask(asked, services.env.LETTERBOX_RELAY_BEHIND);

  await succeeds(RELAY, "keys", "new", "ticket", key("ticket-2"));
  await relay(withSecondKey);
  await sends("The relay knows both");

  // Its permit is of the former key, and it arrives after the directory has gone over to the new one.
  const held = between.hold({ matches: DEPOSIT, request: 0 });
  const onItsWay = attempt(PAUL, { subject: "On its way" }, services.env.LETTERBOX_SEND);
  await held.came;
  await directory((text) => withSecondKey(text).replace("ticket_key = 1", "ticket_key = 2"));
  held.goOn();
  assert.equal((await onItsWay).code, 0);
  await sends("The directory uses the new one");
  await enrols("ann");

  // The relay knows a permit of the former key for as long as it has that key.
  assert.deepEqual((await again()).content, given.content);
  await directory(withoutFirstKey);
  await relay(withoutFirstKey);
  const refused = await again();
  assert.ok(refused.status >= 400 && refused.status < 500, `${refused.status}`);
  await sends("The new one alone");
  await enrols("noaddr");

  const { letters, unopened, not_filed } = await enrols("paul");
  const subjects = ["The new one alone", "The directory uses the new one", "On its way", "The relay knows both", "With the former key"];
  assert.deepEqual([letters.map(({ subject }) => subject), unopened, not_filed], [subjects, [], 0]);
});

test("the key for ScotAccount is replaced: both are registered there until the directory uses the new one", async () => {
  const clients = join(services.data, "clients.json");
  const register = async (change) => {
    const list = JSON.parse(readFileSync(clients, "utf8"));
    list[0].jwks.keys = change(list[0].jwks.keys);
    writeFileSync(clients, JSON.stringify(list));
    await services.end(SCOTACCOUNT);
    await services.start(SCOTACCOUNT);
  };
  const jwk = JSON.parse(await succeeds(DIRECTORY, "keys", "new", "provider", key("provider-2")));
  await register((keys) => [...keys, jwk]);
  await directory((text) => text.replace(`client_key = "file:${key("provider")}"`, `client_key = "file:${key("provider-2")}"`));
  await register(() => [jwk]);
  await enrols("ann2");
});

test("an operator is taken out: the others approve what stands, and letters that were filed before stay verified", async () => {
  const had = await enrols("paul");
  const { LETTERBOX_RELAY_ORIGIN, LETTERBOX_DIRECTORY_ORIGIN, LETTERBOX_DIRECTORY_BEHIND } = services.env;
  const trusts = async (operators) => {
    await directory((text) => text.replace(/^operators = .*$/m, `operators = ${JSON.stringify(operators)}`));
    await trustAt(services, { relay: LETTERBOX_RELAY_ORIGIN, directory: LETTERBOX_DIRECTORY_ORIGIN });
  };
  const [one, two] = await Promise.all([1, 2].map((number) => succeeds(DIRECTORY, "keys", "public", "operator", key(`operator-${number}`))));
  const three = await succeeds(DIRECTORY, "keys", "new", "operator", key("operator-3"));
  await trusts([one, two, three]);

  const publicHalf = await succeeds("letterbox", "keys", "public", join(services.data, "body.keys"));
  const add = (...by) => command(DIRECTORY, "body", "add", "--directory", LETTERBOX_DIRECTORY_BEHIND, "--id", "example-council",
    "--name", "Example Council", "--name-gd", "Comhairle Eisimpleir", "--domain", "council.example", `--key=${publicHalf}`,
    "--host", "pay.council.example", ...by.flatMap((number) => ["--operator-key", key(`operator-${number}`)]));
  const { code, said } = await add(2, 3);
  assert.equal(code, 0, said);
  await trusts([two, three]);
  assert.notEqual((await add(1, 2)).code, 0);

  const kept = keptOf(await sends("After an operator was taken out"));
  const { letters, unopened, not_filed } = await enrols("paul");
  assert.deepEqual([letters.map(keptOf), unopened, not_filed], [[kept, ...had.letters.map(keptOf)], [], 0]);
});

test("the key of the relay's receipts is replaced: letters of before and after are verified, also by who comes back", async () => {
  const filed = keptOf(await sends("Filed with a receipt of the former key"));
  const kept = (await enrols("paul")).letters.map(keptOf);
  assert.deepEqual(kept[0], filed);
  kept.unshift(keptOf(await sends("Waiting, with a receipt of the former key")));

  await succeeds(RELAY, "keys", "new", "receipt", key("relay-receipt-2"));
  // Nothing is signed with the former key from the moment on that the trust file names.
  await services.end(RELAY);
  const { LETTERBOX_RELAY_ORIGIN, LETTERBOX_DIRECTORY_ORIGIN } = services.env;
  await trustAt(services, { relay: LETTERBOX_RELAY_ORIGIN, directory: LETTERBOX_DIRECTORY_ORIGIN, receiptKey: "relay-receipt-2" });
  const { relay: named } = JSON.parse(JSON.parse(readFileSync(join(services.data, "trust.json"), "utf8")).trust);
  assert.equal(named.former_receipt_keys.length, 1);
  const settings = join(services.data, "relay.toml");
  const from = named.receipt_key_not_before;
  const former = `"file:${key("relay-receipt")}"`;
  const before = readFileSync(settings, "utf8");
  const text = before.replace(`receipt_key = ${former}`, `receipt_key = "file:${key("relay-receipt-2")}"`);
  assert.notEqual(text, before);
  const startsWith = async (now) => {
    if (services.isRunning(RELAY)) await services.end(RELAY);
    writeFileSync(settings, now);
    await services.start(RELAY);
  };

  // A relay that goes on with the former key alone signs for nobody any more, once the second has come.
  await services.start(RELAY);
  while (Date.now() < from * 1000) await services.asks(RELAY, "/healthz");
  const late = await attempt(PAUL, { subject: LATE }, services.env.LETTERBOX_SEND);
  assert.equal(late.code, 21, late.said);
  assert.match(late.said, /was not in force at its time/);
  await assert.rejects(enrols("paul"), /was not in force at its time/);

  // One that has forgotten the former key is found out by who has not got everything.
  await startsWith(text);
  await assert.rejects(enrols("paul"), /was not in force at its time/);

  // Nothing was lost by either.
  await startsWith(`${text}\n[former_receipt_keys]\n${from} = ${former}\n`);
  const newest = keptOf(await sends("With a receipt of the new key"));
  assert.ok(newest.time >= from);
  const { letters, unopened, not_filed, code } = await enrols("paul");
  assert.deepEqual([letters[1].subject, unopened, not_filed], [LATE, [], 0]);
  // Each with the receipt that its sender got, to the last byte. Who sent the late one has got none.
  const all = (letters) => letters.filter(({ subject }) => subject !== LATE).map(keptOf);
  assert.deepEqual(all(letters), [newest, ...kept]);
  assert.ok(letters[1].time >= from);
  const back = await device("paul", { state: join(folder, "paul-back.json"), recover: code, env: services.env }).report;
  assert.deepEqual([back.letters.map(keptOf), back.unopened], [letters.map(keptOf), []]);
});
