// What `deploy/` has for operators: settings that the programs take, units that systemd understands and that
// leave a service little to do harm with, and an image that does not run as root.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { certify } from "../support/certificates.mjs";
import { command, succeeds } from "../support/commands.mjs";
import { withoutSettings } from "../support/operators.mjs";
import { hold } from "../support/ports.mjs";

const PROGRAMS = "target/debug";
const UNITS = "deploy/systemd";
const SERVICES = { relay: "letterbox-server", directory: "letterbox-keyserver", client: "letterbox-client-host" };
// What systemd makes of a unit in numbers, from 0 to 100: none of ours may come to more.
const EXPOSURE = 20;

let folder;
before(() => { folder = mkdtempSync(join(tmpdir(), "letterbox-deploy-")); });
after(() => rmSync(folder, { recursive: true }));

const read = (file) => readFileSync(join("deploy", file), "utf8");
const unit = (name) => readFileSync(join(UNITS, `letterbox-${name}.service`), "utf8");

test("the example settings are settings: every one that they name is in force", async () => {
  for (const service of ["relay", "directory"]) {
    const shown = await succeeds(SERVICES[service], "--config", `deploy/${service}.toml`, "--print-config");
    const lines = shown.split("\n");
    for (const [, name, value] of read(`${service}.toml`).matchAll(/^(\w+) = "(.*)"$/gm)) {
      // A file is shown as one, also where it is named without saying so.
      assert.ok(lines.includes(`${name} = "${value}"`) || lines.includes(`${name} = "file:${value}"`), `${service}: ${name}`);
    }
    const wrong = join(folder, "wrong.toml");
    writeFileSync(wrong, read(`${service}.toml`).replace("authority", "authorty"));
    assert.equal((await command(SERVICES[service], "--config", wrong, "--print-config")).code, 1);
  }
  const help = await succeeds(SERVICES.client, "--help");
  for (const [, name] of read("client.env").matchAll(/^(\w+)=/gm)) assert.ok(help.includes(`env: ${name}=`), name);
});

// Puts a service's example settings into force below the folder, on a free port. Returns that port.
async function install(service, change = (text) => text) {
  const held = await hold(0);
  const { port } = held.address();
  await new Promise((closed) => held.close(closed));
  const settings = read(`${service}.toml`).replaceAll("/etc/letterbox", folder).replaceAll("/var/lib/letterbox", join(folder, "stores"))
    .replace("0.0.0.0:443", `127.0.0.1:${port}`).replace(/127\.0\.0\.1:908[12]/, "127.0.0.1:0");
  writeFileSync(join(folder, `${service}.toml`), change(settings));
  return port;
}

// Starts a service, asks it by TLS, and stops it. Returns what it answered, and with what it ended.
async function tries(service, port, trusted) {
  const child = spawn(join(PROGRAMS, SERVICES[service]), ["--config", join(folder, `${service}.toml`)], { env: { ...withoutSettings(), NO_COLOR: "1" }, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((done) => child.on("close", done));
  let said = "";
  await new Promise((listens, fails) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      said += `${line}\n`;
      if (line.includes("listening on https://")) listens();
    });
    ended.then(() => fails(new Error(said)));
  });
  const options = { agent: false, ca: readFileSync(trusted) };
  const status = await new Promise((answered, fails) => {
    request(`https://localhost:${port}/openapi.json`, options, (answer) => answered(answer.resume().statusCode)).on("error", fails).end();
  });
  child.kill("SIGTERM");
  return [status, await ended];
}

test("with the keys that docs/operations.md has made, relay and directory start from the example settings", async () => {
  for (const part of ["relay", "directory", "stores/relay", "stores/directory"]) mkdirSync(join(folder, part), { recursive: true });
  const key = (service, name) => join(folder, service, name);
  const made = certify(folder, "localhost");
  for (const service of ["relay", "directory"]) {
    copyFileSync(made.certificate, key(service, "tls.pem"));
    copyFileSync(made.key, key(service, "tls.key"));
  }
  await succeeds(SERVICES.relay, "keys", "new", "receipt", key("relay", "receipt.key"));
  await succeeds(SERVICES.relay, "keys", "new", "ticket", key("relay", "ticket-1.key"));
  copyFileSync(key("relay", "ticket-1.key"), key("directory", "ticket-1.key"));
  for (const kind of ["log", "vrf", "index", "sealing"]) await succeeds(SERVICES.directory, "keys", "new", kind, key("directory", `${kind}.key`));
  await succeeds(SERVICES.directory, "keys", "new", "provider", key("directory", "provider.pem"));
  const operators = [];
  for (const name of ["one", "two"]) operators.push(await succeeds(SERVICES.directory, "keys", "new", "operator", join(folder, `${name}.key`)));

  const relay = await install("relay");
  assert.deepEqual(await tries("relay", relay, made.certificate), [200, 0]);
  const directory = await install("directory", (text) => text.replace("operators = []", `operators = ${JSON.stringify(operators)}`));
  assert.deepEqual(await tries("directory", directory, made.certificate), [200, 0]);
  // As it stands there, nobody can approve a public body.
  await install("directory");
  assert.match((await command(SERVICES.directory, "--config", join(folder, "directory.toml"))).said, /different ones have to approve/);
});

test("each unit starts a program of ours as a user of its own, and can have its certificate read again", () => {
  const users = read("sysusers.d/letterbox.conf");
  assert.deepEqual(readdirSync(UNITS).sort(), Object.keys(SERVICES).map((name) => `letterbox-${name}.service`).sort());
  for (const [name, program] of Object.entries(SERVICES)) {
    const text = unit(name);
    assert.match(text, new RegExp(`^ExecStart=/usr/local/bin/${program}( |$)`, "m"));
    assert.ok(existsSync(join(PROGRAMS, program)));
    assert.match(text, new RegExp(`^User=letterbox-${name}$`, "m"));
    assert.match(users, new RegExp(`^u letterbox-${name} `, "m"));
    for (const line of ["ExecReload=/bin/kill -HUP $MAINPID", "Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitCORE=0", "UMask=0077"]) {
      assert.ok(text.split("\n").includes(line), `${name}: ${line}`);
    }
  }
  for (const name of ["relay", "directory"]) {
    assert.match(unit(name), new RegExp(`--config /etc/letterbox/${name}\\.toml$`, "m"));
    assert.match(unit(name), new RegExp(`^StateDirectory=letterbox/${name}$`, "m"));
    assert.match(read(`${name}.toml`), new RegExp(`^store = "/var/lib/letterbox/${name}/`, "m"));
  }
});

test("systemd understands every line of the units, and leaves them little to do harm with", () => {
  const { error } = spawnSync("systemd-analyze", ["--version"]);
  assert.equal(error, undefined, "systemd-analyze is not there: install Debian's package systemd, as scripts/setup does");
  const analyze = (...words) => spawnSync("systemd-analyze", words, { encoding: "utf8" });
  for (const [name, program] of Object.entries(SERVICES)) {
    // Where the program is on this machine.
    const here = (text) => text.replace(`/usr/local/bin/${program}`, resolve(PROGRAMS, program));
    const file = join(folder, `letterbox-${name}.service`);
    writeFileSync(file, here(unit(name)));
    const { status, stderr } = analyze("verify", file);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /letterbox-/);
    const exposed = analyze("security", "--no-pager", "--offline=true", `--threshold=${EXPOSURE}`, file);
    assert.equal(exposed.status, 0, exposed.stdout);

    // That a mistake would be found.
    writeFileSync(file, here(unit(name)).replace("ProtectSystem=", "ProtectSytem="));
    assert.match(analyze("verify", file).stderr, /ProtectSytem/);
    writeFileSync(file, here(unit(name)).replace(/^(?:Protect|Private|Restrict|SystemCall|Capability|Ambient|NoNew).*\n/gm, ""));
    assert.notEqual(analyze("security", "--no-pager", "--offline=true", `--threshold=${EXPOSURE}`, file).status, 0);
  }
});

test("no image runs as root, or has more of ours than its program", () => {
  const stages = read("Containerfile").split(/^FROM /m).slice(1);
  const of = (name) => stages.find((stage) => new RegExp(`^\\S+ AS ${name}$`, "m").test(stage));
  assert.match(of("base"), /^USER 65532:65532$/m);
  for (const [name, program] of Object.entries(SERVICES)) {
    const stage = of(name);
    assert.match(stage, /^base AS /);
    assert.doesNotMatch(stage, /^USER /m);
    assert.deepEqual([...stage.matchAll(/^COPY --from=build (\S+)/gm)].map(([, path]) => path), [`/letterbox/target/release/${program}`]);
    assert.match(stage, new RegExp(`^ENTRYPOINT \\["${program}"`, "m"));
  }
  // Keys and stores of `make run` do not get into the build.
  const ignored = readFileSync(".dockerignore", "utf8").split("\n");
  for (const path of ["data", "target/*", ".git"]) assert.ok(ignored.includes(path), path);
  assert.equal(execFileSync("git", ["ls-files", "data", "target"], { encoding: "utf8" }), "");
});
