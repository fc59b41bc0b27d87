// A person with a recovery code on a sheet of paper.

import assert from "node:assert/strict";

import { press, shows, typePassphrase } from "./browser.mjs";
import { isCode, mistyped } from "./recovery-code.mjs";

// What stands on the sheet that is shown.
export async function readsSheet(page) {
  await shows(page, "sheet");
  const groups = [];
  for (let number = 1; number <= 10; number += 1) {
    groups.push((await page.locator(`[data-group="${number}"]`).textContent()).trim());
  }
  const code = groups.join(" ");
  assert.ok(isCode(code), "what stands on the sheet is a recovery code");
  return code;
}

// Types two groups back: those that are asked for, or `wrong` in place of the second.
export async function typesBack(page, code, wrong) {
  await shows(page, "sheet-check");
  const groups = code.split(" ");
  for (const field of ["group-first", "group-second"]) {
    const [asked] = (await page.locator(`label[for="${field}"]`).innerText()).match(/\d+/);
    const right = groups[Number(asked) - 1];
    await page.locator(`#${field}`).fill(wrong && field === "group-second" ? mistyped(right, 0) : right);
  }
  await press(page, "submit");
}

// Writes the sheet down and types two groups of it back. Returns the code.
export async function writesDown(page) {
  const code = await readsSheet(page);
  await press(page, "written-down");
  await typesBack(page, code);
  return code;
}

// From any screen that offers it to the one that asks for the code.
export async function goesToRecover(page) {
  const button = page.locator('[data-action="recover"]');
  await button.waitFor({ state: "attached" });
  if (!(await button.isVisible())) await page.locator('details:has([data-action="recover"]) > summary').click();
  await button.click();
  await shows(page, "recover");
}

// Types the whole code and sends it.
export async function typesCode(page, code) {
  await shows(page, "recover");
  await page.locator("#recovery-code").fill(code);
  await press(page, "submit");
}

export async function isTold(page, problem) {
  await page.locator(`[data-problem="${problem}"]`).waitFor();
}

// Types a code that fits, and a new passphrase: to the door of ScotAccount.
export async function typesGoodCode(page, code, passphrase) {
  await typesCode(page, code);
  await shows(page, "choose-passphrase");
  await typePassphrase(page, passphrase);
  await shows(page, "sign-in");
}
