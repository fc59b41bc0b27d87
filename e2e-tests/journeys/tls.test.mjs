// The services do TLS themselves: who trusts their certificate is served, who does not sends nothing, and a
// certificate is replaced while people are connected.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:tls";

import { certify, shown } from "../support/certificates.mjs";
import { command, trustAt } from "../support/commands.mjs";
import { device } from "../support/device.mjs";
import { attempt, person, sendForReceipt } from "../support/sender.mjs";
import { CLIENT, DIRECTORY, RELAY, startServices } from "../support/services.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const ORIGINS = { [RELAY]: "LETTERBOX_RELAY_ORIGIN", [DIRECTORY]: "LETTERBOX_DIRECTORY_ORIGIN", [CLIENT]: "LETTERBOX_CLIENT_ORIGIN" };

let folder;
let services;
let origins;
// The certificate in use, and one that takes its place.
let first;
let next;
let inUse;
// Who trusts both.
let trusted;
let env;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-tls-"));
  [first, next] = ["first", "next"].map((name) => certify(folder, name));
  inUse = { certificate: join(folder, "in-use.pem"), key: join(folder, "in-use.key") };
  // The key of a copy is as its owner's alone as the original.
  for (const part of ["certificate", "key"]) copyFileSync(first[part], inUse[part]);
  trusted = join(folder, "trusted.pem");
  writeFileSync(trusted, [first, next].map(({ certificate }) => readFileSync(certificate, "utf8")).join(""));
  const settings = (prefix) => ({ [`${prefix}CERTIFICATE`]: inUse.certificate, [`${prefix}KEY`]: inUse.key });
  const environment = {
    [RELAY]: settings("LETTERBOX_RELAY_TLS__"),
    [DIRECTORY]: settings("LETTERBOX_DIRECTORY_TLS__"),
    [CLIENT]: settings("LETTERBOX_CLIENT_TLS_"),
  };
  services = await startServices(join(folder, "data"), { environment });
  origins = Object.fromEntries(Object.entries(ORIGINS).map(([name, variable]) => [name, services.env[variable].replace("http:", "https:")]));
  await trustAt(services, { relay: origins[RELAY], directory: origins[DIRECTORY] });
  env = { ...services.env, LETTERBOX_CLIENT_ORIGIN: origins[CLIENT], SSL_CERT_FILE: trusted };
});
after(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true });
});

const paul = (more) => device("paul", { state: join(folder, "paul.json"), env, ...more });
const send = (subject) => sendForReceipt(PAUL, { subject, env }, services.env.LETTERBOX_SEND);

test("all three services speak TLS 1.3 and nothing older, and nothing in the clear", async () => {
  for (const [name, variable] of Object.entries(ORIGINS)) {
    assert.equal((await shown(origins[name], trusted)).version, "TLSv1.3", name);
    await assert.rejects(fetch(new URL("/healthz", services.env[variable])), name);
    const { port } = new URL(origins[name]);
    const older = new Promise((resolve, reject) => {
      const socket = connect({ host: "localhost", port: Number(port), maxVersion: "TLSv1.2", ca: readFileSync(trusted) }, () => { socket.destroy(); resolve(); });
      socket.on("error", reject);
    });
    await assert.rejects(older, /protocol version/i, name);
  }
});

test("somebody sets up a mailbox and gets a letter by TLS", async () => {
  const listening = paul({ expect: ["By TLS"] });
  await listening.listening;
  await send("By TLS");
  const { letters, unopened } = await listening.report;
  assert.deepEqual([letters.map(({ subject }) => subject), unopened], [["By TLS"], []]);
});

test("a public body that does not trust the certificate is told that the service cannot be reached, and sends nothing", async () => {
  const stranger = certify(folder, "stranger");
  const { code } = await attempt(PAUL, { subject: "To nobody", env: { ...env, SSL_CERT_FILE: stranger.certificate }, more: ["--tries", "1"] }, services.env.LETTERBOX_SEND);
  assert.equal(code, 22);
  assert.deepEqual((await paul().report).letters.map(({ subject }) => subject), ["By TLS"]);
});

test("a certificate is replaced while a device listens: it hears the next letter, and who comes next sees the new one", async () => {
  const listening = paul({ expect: ["After the change"] });
  await listening.listening;
  for (const part of ["certificate", "key"]) copyFileSync(next[part], inUse[part]);
  for (const name of Object.keys(ORIGINS)) {
    const read = services.says(name, /certificate and key were read again/);
    process.kill(services.id(name), "SIGHUP");
    await read;
    // Shown as it stands in the file.
    assert.equal((await shown(origins[name], trusted)).certificate.trim(), readFileSync(next.certificate, "utf8").trim(), name);
  }
  assert.ok(listening.isRunning());
  await send("After the change");
  assert.deepEqual((await listening.report).letters.map(({ subject }) => subject), ["After the change", "By TLS"]);
});

test("a certificate that cannot be used leaves the one before in force, and a service does not start with it", async () => {
  copyFileSync(first.certificate, inUse.certificate);
  const kept = services.says(RELAY, /those that were read before stay in force/);
  process.kill(services.id(RELAY), "SIGHUP");
  await kept;
  assert.equal((await shown(origins[RELAY], trusted)).certificate.trim(), readFileSync(next.certificate, "utf8").trim());
  await send("All the same");
  await services.end(CLIENT);
  const words = ["--listen=127.0.0.1:0", "--dist=target/web", `--tls-certificate=${inUse.certificate}`, `--tls-key=${inUse.key}`];
  const { code, said } = await command(CLIENT, ...words);
  assert.equal(code, 1);
  assert.match(said, /Give the key with which the certificate was asked for/);
  copyFileSync(next.certificate, inUse.certificate);
  await services.start(CLIENT);
});
