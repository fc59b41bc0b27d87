// A person who reads on a device that is not theirs: from the first screen through ScotAccount in another tab to
// the letters. And what is left on that device. Load it once the addresses are known.

import { readFileSync, readdirSync } from "node:fs";

import { openPage, press, shows } from "./browser.mjs";
import { profileIn } from "./profile.mjs";
import { throughScotAccount } from "./scotaccount.mjs";

// The tab that came back closes itself where the browser lets it. Then it could not be looked at.
const staysOpen = (context) => context.addInitScript(() => { globalThis.close = () => {}; });

export const opensProfile = (folder) => openPage(profileIn(folder), { prepare: staysOpen });
export const opensTabs = (browser) => openPage(browser, { prepare: staysOpen });

// Types the code. Where it is right, the way to ScotAccount is there next.
export async function typesVisitCode(page, code) {
  await shows(page, "start");
  await press(page, "visit");
  await shows(page, "visit");
  await page.locator("#recovery-code").fill(code);
  await press(page, "submit");
}

// Goes to ScotAccount in another tab and signs in there as somebody. Returns that tab, which has handed over.
export async function signsInBeside(page, who) {
  const link = page.locator("[data-visit-link] a");
  await link.waitFor();
  const [tab] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  const screen = await throughScotAccount(tab, who);
  if (screen !== "handed-over") throw new Error(`the tab that came back shows ${screen}`);
  return tab;
}

// All of it, to the list of letters.
export async function visits(page, code, who = "mairi") {
  await typesVisitCode(page, code);
  const tab = await signsInBeside(page, who);
  await page.locator("[data-visit]").waitFor();
  await shows(page, "inbox");
  return tab;
}

// Runs in the page: all that a browser keeps for it, in the places that pages can read.
async function everythingKept() {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const databases = {};
  for (const { name, version } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const shelf of database.objectStoreNames) {
      const store = database.transaction(shelf).objectStore(shelf);
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      databases[`${name} ${version} ${shelf}`] = keys.map((key, place) => [key, Array.from(values[place])]);
    }
    database.close();
  }
  return {
    databases,
    storages: [{ ...localStorage }, { ...sessionStorage }],
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
  };
}

// What the browser of this profile keeps for the page. Nothing of ours runs meanwhile.
export async function keptIn(folder) {
  const { context, page } = await openPage(profileIn(folder), { path: "/healthz" });
  const kept = await page.evaluate(everythingKept);
  await context.close();
  return kept;
}

// Ends the browser of a profile as a power cut does.
export async function killsBrowser(context, folder) {
  const commands = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((id) => {
    try {
      return { id: Number(id), words: readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0") };
    } catch {
      // It has ended meanwhile.
      return { words: [] };
    }
  });
  // Its other processes have a type, and end with it.
  const found = commands.filter(({ words }) => words.includes(`--user-data-dir=${folder}`) && !words.some((word) => word.startsWith("--type=")));
  if (found.length !== 1) throw new Error(`${found.length} browsers have this profile`);
  await Promise.all([context.waitForEvent("close"), process.kill(found[0].id, "SIGKILL")]);
}
