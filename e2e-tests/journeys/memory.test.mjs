// What is in a device's memory: the letter, the passphrase, every private key and a recovery code while they
// are needed, and none of them once the mailbox is locked. `letterbox-memory` opens a mailbox by the vault's
// own steps and with the vault's own allocator; this looks into it from outside.
//
// On the stack lie copies that the compiler and the cryptographic libraries made and that no program can
// name; they are overwritten by and by. They are counted and told, and not taken for a failure. To see the
// rest bite, take the allocator out of `e2e-tests/device/src/memory.rs`: the letter is found after locking.
// That each key also wipes itself is for `relay_auth::wiped!` and `scripts/secrets.mjs` to say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { device } from "../support/device.mjs";
import { inMemory } from "../support/memory.mjs";
import { person, sendForReceipt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";

const PROGRAM = "target/debug/letterbox-memory";
const PAUL = person("Paul", "Wallis", "1970-01-01", "G2 1AL");
const PASSPHRASE = `harbour violin ${randomUUID()}`;
const WORDS = `canary-${randomUUID()}`;
const SUBJECT = `subject-${randomUUID()}`;
const STACK = "[stack]";

let stack;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "letterbox-memory-"));
  stack = await startStack();
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

// Starts the program. `says` resolves with the next line that it prints, `ends` when it has ended.
function start(...list) {
  const running = spawn(PROGRAM, list, { stdio: "pipe" });
  let said = "";
  running.stderr.on("data", (text) => { said += text; });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`letterbox-memory ended with ${code}: ${said}`))));
  });
  ended.catch(() => {});
  return {
    id: running.pid,
    types: (line = "") => running.stdin.write(`${line}\n`),
    async says() {
      const { value, done } = await lines.next();
      if (done) return ended.then(() => assert.fail("letterbox-memory ended and said no more"));
      return JSON.parse(value);
    },
    ends: () => ended,
    kill: () => running.kill("SIGKILL"),
  };
}

test("a locked mailbox leaves neither the letter nor the passphrase nor a key in memory", async (t) => {
  const [state, sealed] = [join(folder, "state.json"), join(folder, "sealed.json")];
  const env = stack.env;
  const paul = device("paul", { state, expect: [SUBJECT], env });
  await paul.listening;
  const text = `Dear Mr Wallis,\n\nthe **secret word** is ${WORDS}.\n`;
  await sendForReceipt(PAUL, { subject: SUBJECT, text, more: ["--summary", `It is ${WORDS}.`] }, env.LETTERBOX_SEND);
  await paul.report;

  const sealing = start("seal", state, sealed);
  sealing.types(PASSPHRASE);
  const { keys, recovery_code: code } = await sealing.says();
  await sealing.ends();
  const keysInBytes = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, Buffer.from(key, "base64url")]));
  // What is typed, and what is open once it was.
  const typing = {
    passphrase: Buffer.from(PASSPHRASE),
    "recovery code": Buffer.from(code),
  };
  const opened = { letter: Buffer.from(WORDS), subject: Buffer.from(SUBJECT), ...keysInBytes };
  // The code as it is read, without spaces, is nowhere for long: it is looked for where it would be left.
  const wanted = { ...typing, ...opened, "recovery code as it is read": Buffer.from(code.replaceAll(" ", "").toLowerCase()) };
  assert.equal(Object.keys(keys).length, 11);
  assert.equal(new Set(Object.values(keys)).size, 11);
  for (const [name, key] of Object.entries(keysInBytes)) assert.equal(key.length, name === "recovery code in bytes" ? 20 : 32, name);
  assert.equal(code.length, 49);

  const opening = start("open", sealed);
  t.after(() => opening.kill());
  const isAt = async (step) => {
    assert.deepEqual(await opening.says(), { at: step });
    return inMemory(opening.id, wanted);
  };
  opening.types(PASSPHRASE);
  opening.types(code);
  const typed = await isAt("typed");
  opening.types();
  const open = await isAt("open");
  opening.types();
  const locked = await isAt("locked");
  opening.types();
  await opening.ends();

  const beyondStack = (found) => Object.fromEntries(Object.entries(found).map(([name, regions]) => [name, regions.filter((region) => region !== STACK)]));
  // The search finds what is there.
  for (const name of Object.keys(typing)) {
    assert.notDeepEqual(beyondStack(typed)[name], [], `${name} when it was typed`);
    assert.deepEqual(beyondStack(open)[name], [], `${name} is gone once it has opened the mailbox`);
  }
  assert.deepEqual(beyondStack(open)["recovery code as it is read"], [], "the code is gone once it was read");
  // Beyond the stack, where nothing of it may be left: what only ever lay there would prove nothing.
  for (const name of Object.keys(opened)) {
    assert.deepEqual(typed[name], [], `${name} before the mailbox is open`);
    assert.notDeepEqual(beyondStack(open)[name], [], `${name} while the mailbox is open`);
  }
  for (const [name, regions] of Object.entries(beyondStack(locked))) assert.deepEqual(regions, [], `${name} after locking`);
  const left = Object.entries(locked).filter(([, regions]) => regions.includes(STACK)).map(([name]) => name);
  t.diagnostic(`left on the stack after locking: ${left.join(", ") || "nothing"}`);
});
