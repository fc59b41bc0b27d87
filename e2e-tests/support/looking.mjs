// Looking at a screen: what axe finds, a picture, what does not fit.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";

import { DESKTOP, NARROW, PHONE, ZOOMED } from "./browser.mjs";

const PICTURES = new URL("../../target/pictures/", import.meta.url);
mkdirSync(PICTURES, { recursive: true });

export const picture = (name) => new URL(`${name}.png`, PICTURES).pathname;

// The variants of an enum of ours, as its source names them.
const source = (path) => readFileSync(new URL(`../../client/${path}`, import.meta.url), "utf8");
const part = (text, start) => text.slice(text.indexOf(start)).split("\n}\n")[0];

// Every value of data-screen.
export const SCREENS = [
  ...part(source("app/src/screens/mod.rs"), "const fn mark").split("\n    }\n")[0].matchAll(/=> "([a-z-]+)"/g),
].map(([, mark]) => mark);

// Every problem that the vault can name.
export const PROBLEMS = [
  ...part(source("messages/src/lib.rs"), "pub enum Problem {").matchAll(/^ {4}([A-Z]\w+),$/gm),
].map(([, name]) => name);

// What axe cannot decide, looked at by hand: the rule with axe's reason, and what it is about.
const REVIEWED = [
  // The line that says what is going on lies over the page while it is there, and so does the warning.
  { reason: "color-contrast bgOverlap", html: /^<(li|p|button)\b/, screens: /-(busy|locks-soon)$/ },
  { reason: "color-contrast elmPartiallyObscuring", html: /^<p\b/, screens: /-locks-soon$/ },
  // The design system draws the circle of a choice before its words, which are black on white.
  { reason: "color-contrast pseudoContent", html: /^<label\b/, screens: /^settings/ },
  // A long line of typewriter text scrolls within its own frame.
  { reason: "color-contrast elmPartiallyObscuring", html: /^<code>/, screens: /^(letter|forced-colours)/ },
  // In forced colours the system paints buttons; axe reads the colours of the stylesheet.
  { reason: "color-contrast equalRatio", html: /^<button\b/, screens: /^forced-colours/ },
];

const wasReviewed = (name, found) =>
  REVIEWED.some(({ reason, html, screens }) => reason === found.reason && html.test(found.html) && screens.test(name));

// What axe finds, and what it cannot decide unless that was reviewed.
export async function axe(page, name) {
  const result = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  const undecided = result.incomplete.flatMap(({ id, nodes }) =>
    nodes.map((node) => ({ reason: `${id} ${node.any.map((check) => check.data?.messageKey).join(" ")}`, html: node.html })),
  );
  return [...found, ...undecided.filter((one) => !wasReviewed(name, one)).map(({ reason, html }) => `undecided: ${reason}: ${html}`)];
}

export async function speak(page, language) {
  if ((await page.locator("html").getAttribute("lang")) !== language) {
    await page.locator('[data-action="language"]').click();
    await page.locator(`html[lang="${language}"]`).waitFor();
  }
}

// Looks at what is shown in both languages and both sizes; returns what was looked at. Ends in
// English on a phone.
export async function lookAt(page, name) {
  const seen = [];
  for (const language of ["gd", "en"]) {
    await speak(page, language);
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: picture(`${name}-${language}-${size}`), fullPage: true });
      assert.deepEqual(await axe(page, name), [], `${name} ${language} ${size}`);
      seen.push(`${name}-${language}-${size}`);
    }
  }
  return seen;
}

// Nothing is cut off at 320 pixels, nor at four times the size.
export async function fits(page, name) {
  for (const viewport of [NARROW, ZOOMED]) {
    await page.setViewportSize(viewport);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, `${name} at ${viewport.width} × ${viewport.height}`);
  }
  await page.setViewportSize(PHONE);
}
