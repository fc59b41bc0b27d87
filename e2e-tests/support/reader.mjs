// A person with a mailbox in a real browser, and what they are told. Load it once the addresses are known.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { launch, openPage, shows, typePassphrase } from "./browser.mjs";
import { setsUp } from "./enrolling.mjs";

const PASSPHRASE = "harbour violin seventeen moss";

const catalogue = readFileSync("client/catalogue/en.ftl", "utf8");

// What the page says of a problem.
export function wordsOf(problem) {
  const name = problem.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const [, words] = catalogue.match(new RegExp(`^problem${name} = (.*)$`, "m"));
  return words;
}

// Màiri sets a mailbox up. `stop` ends the browser.
export async function reader() {
  const browser = await launch();
  const { page, wrong } = await openPage(browser);
  const letters = page.locator("[data-letter]");
  const alarms = page.locator("[data-alarms]");
  await setsUp(page, PASSPHRASE);
  return {
    page,
    letters,
    // Loads the page again: it is locked, and what it was alarmed about is over.
    async locks() {
      await page.reload();
      await shows(page, "locked");
    },
    async opens() {
      await typePassphrase(page, PASSPHRASE);
      await shows(page, "inbox");
    },
    // The same, and waits until all was looked through and it listens for what is new.
    async opensAndListens() {
      const listens = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/mailbox/events");
      await this.opens();
      await listens;
    },
    // Waits for an alarm, and for no other.
    async isAlarmed(problem) {
      await alarms.getByText(wordsOf(problem), { exact: true }).waitFor();
      // What else the screen reader says of a warning stands before its words.
      assert.equal(await alarms.locator(":scope > *").count(), 1, await alarms.innerText());
    },
    isCalm: async () => assert.equal(await alarms.innerText(), ""),
    // The browser itself reports a refusal; nothing else may go wrong.
    isClean: () => assert.deepEqual(wrong.filter((report) => !report.startsWith("console: Failed to load resource")), []),
    stop: () => browser.close(),
  };
}
