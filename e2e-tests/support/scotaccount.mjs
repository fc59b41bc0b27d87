// A person at the stand-in for ScotAccount.

import { ORIGIN, press, shows, typePassphrase } from "./browser.mjs";

const SCOTACCOUNT = process.env.LETTERBOX_SCOTACCOUNT_ORIGIN;

// From the first screen to the door of ScotAccount.
export async function begin(page, passphrase) {
  await shows(page, "start");
  await press(page, "begin");
  await shows(page, "choose-passphrase");
  await typePassphrase(page, passphrase);
  await shows(page, "sign-in");
}

export async function goToScotAccount(page) {
  await Promise.all([page.waitForURL((url) => url.origin === SCOTACCOUNT), press(page, "go-on")]);
}

// Answers one page of the stand-in: who one is, if it asks, and `continue` or `cancel`.
export async function answer(page, person, outcome = "continue") {
  const choice = page.locator(`input[type="radio"][name="person"][value="${person}"]`);
  const button = page.locator(`button[name="outcome"][value="${outcome}"]`);
  await button.waitFor();
  if (await choice.count()) await choice.check();
  await Promise.all([
    page.waitForURL((url) => url.origin === ORIGIN, { waitUntil: "commit" }),
    button.click(),
  ]);
}

// Answers page after page until ours shows where it led to. Returns that screen's mark.
export async function throughScotAccount(page, person) {
  const asked = page.locator('button[name="outcome"][value="continue"]');
  const back = page.locator('html[data-screen]:not([data-screen="starting"]):not([data-screen="returning"])');
  for (;;) {
    await asked.or(back).first().waitFor();
    if (await asked.count()) await answer(page, person);
    else return await back.getAttribute("data-screen");
  }
}
