// What `make run` starts: a second start goes on with everything that the first one made, and Ctrl-C
// ends every process.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { device } from "../support/device.mjs";
import { PORTS, freeRow, hold } from "../support/ports.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";
import { LAUNCHER, PROCESSES, processes } from "../support/stack.mjs";

const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");

let data;
let first;
before(async () => {
  data = mkdtempSync(join(tmpdir(), "letterbox-run-"));
  first = await freeRow();
});
after(() => {
  rmSync(data, { recursive: true });
});

// Starts it as `make run` does, looks, and ends it as Ctrl-C does.
async function run(look) {
  const launcher = spawn(LAUNCHER, ["run", "--port", `${first}`, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  let [printed, said] = ["", ""];
  launcher.stderr.on("data", (text) => { said += text; });
  const ended = new Promise((resolve, reject) => {
    launcher.on("error", reject);
    launcher.on("close", (code) => resolve(code));
  });
  await new Promise((resolve, reject) => {
    launcher.stdout.on("data", (text) => {
      printed += text;
      if (printed.includes("Press Ctrl-C to stop")) resolve();
    });
    ended.then(() => reject(new Error(`it did not start:\n${said}`)), reject);
  });
  const ids = processes(data);
  try {
    assert.deepEqual(Object.keys(ids).sort(), [...PROCESSES].sort());
    assert.ok(printed.includes(`http://localhost:${first} `), printed);
    await look();
  } finally {
    launcher.kill("SIGINT");
  }
  assert.equal(await ended, 0, said);
  for (const [name, id] of Object.entries(ids)) {
    assert.throws(() => process.kill(id, 0), { code: "ESRCH" }, name);
  }
  assert.equal(processes(data), null);
  for (let place = 0; place < PORTS; place += 1) {
    const server = await hold(first + place);
    assert.ok(server, `port ${first + place} is free again`);
    await new Promise((resolve) => server.close(resolve));
  }
}

const hash = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

// Everything that has to last: who signs what, who is trusted, which public bodies there are.
function lasting() {
  const files = ["body.keys", "clients.json", "relay.toml", "directory.toml"];
  for (const folder of ["keys", "scotaccount/keys"]) {
    files.push(...readdirSync(join(data, folder)).map((name) => join(folder, name)));
  }
  const { signer, trust } = JSON.parse(readFileSync(join(data, "trust.json"), "utf8"));
  const { issued, ...trusted } = JSON.parse(trust);
  assert.ok(issued > 0);
  const directory = `http://localhost:${first + 2}`;
  const bodies = execFileSync("target/debug/letterbox-keyserver", ["body", "list", "--directory", directory], { encoding: "utf8" });
  assert.match(bodies, /example-council/);
  return { files: Object.fromEntries(files.sort().map((name) => [name, hash(join(data, name))])), signer, trusted, bodies };
}

test("a second start uses the keys, the trust, the public body, the mailboxes and the letters of the first", async () => {
  const command = `target/debug/letterbox send --keys ${join(data, "body.keys")}`;
  const env = { ...process.env, LETTERBOX_CLIENT_ORIGIN: `http://localhost:${first}` };
  const state = join(data, "paul.json");
  let made;
  let had;
  await run(async () => {
    made = lasting();
    const paul = device("paul", { state, expect: ["Before"], env });
    await paul.listening;
    await sendForReceipt(PAUL, { subject: "Before" }, command);
    had = await paul.report;
  });
  await run(async () => {
    assert.deepEqual(lasting(), made);
    assert.deepEqual(await device("paul", { state, anew: true, env }).report, had);
    await sendForReceipt(PAUL, { subject: "After" }, command);
    const { letters } = await device("paul", { state, expect: ["After"], env }).report;
    assert.deepEqual(letters.slice(1), had.letters);
  });
});
