// Relay and directory behind proxies that do TLS: what is signed is passed on, events come as they happen,
// and each client counts for itself because the proxy is trusted to say where it comes from.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as inTheClear } from "node:http";
import { request as byTls } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { certify } from "../support/certificates.mjs";
import { trustAt } from "../support/commands.mjs";
import { device } from "../support/device.mjs";
import { digestOf } from "../support/files.mjs";
import { OWN, startProxy } from "../support/proxy.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const PAPER = { name: "Paper.pdf", content: randomBytes(3_000_000) };
const [GREEDY, MODEST, FORGER] = ["127.0.0.3", "127.0.0.4", "127.0.0.5"];

let folder;
let files;
let services;
let relay;
let directory;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-proxy-"));
  files = certify(folder, "proxy");
  writeFileSync(join(folder, PAPER.name), PAPER.content);
  relay = await startProxy(files, () => services.env.LETTERBOX_RELAY_ORIGIN);
  directory = await startProxy(files, () => services.env.LETTERBOX_DIRECTORY_ORIGIN);
  // Of both alike. The burst is what one address may ask at once.
  const limits = (prefix) => ({ [`${prefix}LIMITS__BURST`]: "200", [`${prefix}LIMITS__REQUESTS_PER_SECOND`]: "50" });
  const environment = {
    [RELAY]: { LETTERBOX_RELAY_AUTHORITY: relay.authority, LETTERBOX_RELAY_TRUSTED_PROXIES: OWN, ...limits("LETTERBOX_RELAY_") },
    [DIRECTORY]: { LETTERBOX_DIRECTORY_AUTHORITY: directory.authority, LETTERBOX_DIRECTORY_TRUSTED_PROXIES: OWN, ...limits("LETTERBOX_DIRECTORY_") },
  };
  services = await startServices(join(folder, "data"), { environment });
  await trustAt(services, { relay: relay.origin, directory: directory.origin });
});
after(async () => {
  await services?.stop();
  await relay?.stop();
  await directory?.stop();
  rmSync(folder, { recursive: true });
});

test("behind a proxy a mailbox is set up, a letter with a large file comes while a device listens, and the file is saved", async () => {
  const env = { ...services.env, SSL_CERT_FILE: files.certificate };
  const paul = device("paul", { state: join(folder, "paul.json"), expect: ["Behind a proxy"], save: join(folder, "saved"), env });
  await paul.listening;
  await sendForReceipt(PAUL, { subject: "Behind a proxy", attach: [join(folder, PAPER.name)], env }, services.env.LETTERBOX_SEND);
  const { letters, saved, not_filed } = await paul.report;
  assert.deepEqual([letters.map(({ subject }) => subject), not_filed], [["Behind a proxy"], 0]);
  assert.deepEqual(saved.map(({ sha256 }) => sha256), [digestOf(PAPER.content)]);
});

// Asks from an address and returns the status.
const ask = (origin, from, headers = {}) =>
  new Promise((resolve, reject) => {
    const options = { agent: false, localAddress: from, family: 4, headers, ca: readFileSync(files.certificate) };
    const begin = origin.startsWith("https:") ? byTls : inTheClear;
    begin(new URL("/openapi.json", origin), options, (answer) => answer.resume().on("end", () => resolve(answer.statusCode))).on("error", reject).end();
  });

const atOnce = (number, ...how) => Promise.all(Array.from({ length: number }, () => ask(...how)));

// Twice this is less than the burst; who has asked too often is not served so much at once.
const isServed = async (origin, from) => assert.deepEqual(new Set(await atOnce(90, origin, from)), new Set([200]));

// Asks again and again until it was too often.
async function askTooOften(origin, from, headers) {
  for (let turn = 0; turn < 100; turn += 1) {
    const statuses = await atOnce(50, origin, from, headers);
    if (statuses.includes(429)) return;
  }
  assert.fail(`nothing is too often for ${from}`);
}

for (const [name, proxied, variable] of [["relay", () => relay, "LETTERBOX_RELAY_ORIGIN"], ["directory", () => directory, "LETTERBOX_DIRECTORY_ORIGIN"]]) {
  test(`behind a proxy the ${name} counts each client for itself, and nobody can have another counted`, async () => {
    const [{ origin }, direct] = [proxied(), services.env[variable]];
    await askTooOften(origin, GREEDY);
    await isServed(origin, MODEST);
    // The proxy writes after what a client claims, and the service believes the proxy alone.
    await askTooOften(origin, GREEDY, { "x-forwarded-for": MODEST });
    await askTooOften(direct, FORGER, { "x-forwarded-for": MODEST });
    await isServed(origin, MODEST);
  });
}
