// The directory is asked who sent a letter and does not answer: what comes meanwhile is shown, and what waits for
// the answer is not fetched again before it.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { standBetween } from "../support/between.mjs";
import { asks } from "../support/exchange.mjs";
import { MAIRI, attempt, sendForReceipt } from "../support/sender.mjs";
import { startStack } from "../support/stack.mjs";
import { turned } from "../support/wire.mjs";

const DEPOSITING = asks("POST", "/v1/deposits");
const REGISTRY = asks("GET", "/v1/registry");
const LETTERS = asks("GET", "/v1/mailbox/letters");

const stack = await startStack("--between", "--between-directory");
const relay = await standBetween(stack.env);
const directory = await standBetween(stack.env, "DIRECTORY");
Object.assign(process.env, stack.env);
const { reader } = await import("../support/reader.mjs");

let mairi;
after(async () => {
  await mairi?.stop();
  await stack.stop();
  await relay.stop();
  await directory.stop();
});

const { LETTERBOX_SEND: SEND } = stack.env;

// Listings of one letter that stayed at the relay: whoever looks for what is new asks for more.
const again = [];
relay.hold({
  matches: (asked) => {
    if (LETTERS(asked) && new URL(asked.url, "http://relay").searchParams.get("limit") === "1") again.push(asked.url);
    return false;
  },
});

test("while the directory does not answer, letters are shown as they come, and none is fetched again", async () => {
  mairi = await reader();
  await mairi.locks();
  await mairi.opensAndListens();
  // Public bodies ask for the registry as well, from no page.
  const silent = directory.hold({ matches: (asked) => REGISTRY(asked) && asked.headers.origin !== undefined, answer: 0 });
  const lie = relay.alter({ matches: DEPOSITING, request: ({ content }) => ({ content: turned(content) }) });
  assert.equal((await attempt(MAIRI, { subject: "Altered on its way" }, SEND)).code, 21);
  lie.end();
  await silent.came;
  for (const subject of ["The first meanwhile", "The second meanwhile"]) {
    await sendForReceipt(MAIRI, { subject }, SEND);
    await mairi.page.getByRole("button", { name: subject, exact: true }).waitFor();
  }
  // Nobody knows yet whether it can be opened.
  await mairi.isCalm();
  assert.deepEqual(again, []);
  silent.goOn();
  await mairi.isAlarmed("UnopenableLetter");
  assert.equal(again.length, 1, again.join("\n"));
  assert.equal(await mairi.letters.count(), 2);
  mairi.isClean();
});
