// Màiri sets a mailbox up in a browser, and nothing comes between.

import assert from "node:assert/strict";

import { press, shows, typePassphrase } from "./browser.mjs";
import { writesDown } from "./recovery.mjs";
import { begin, goToScotAccount, throughScotAccount } from "./scotaccount.mjs";

// From the first screen to the empty list of letters.
export async function setsUp(page, passphrase) {
  await begin(page, passphrase);
  await goToScotAccount(page);
  assert.equal(await throughScotAccount(page, "mairi"), "confirm");
  await typePassphrase(page, passphrase);
  await writesDown(page);
  await shows(page, "ready");
  await press(page, "enter");
  await shows(page, "inbox");
}
