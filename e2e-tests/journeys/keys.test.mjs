// What can be rotated is rotated as docs/operations.md says, one service at a time, and nobody notices: the
// key that relay and directory share, and the key with which the directory signs in at ScotAccount.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { succeeds } from "../support/commands.mjs";
import { device } from "../support/device.mjs";
import { ask, asks } from "../support/exchange.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, SCOTACCOUNT, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const DEPOSIT = asks("POST", "/v1/deposits");

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
