// Looking at a screen: what axe finds, a picture, what does not fit.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { DESKTOP, NARROW, PHONE, ZOOMED } from "./browser.mjs";
import { isInGaelic } from "./catalogue.mjs";
import { CONTROLS, noteControls } from "./keyboard.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EVERYTHING = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
// All that other colours can change for axe.
const COLOURS = { type: "rule", values: ["color-contrast"] };

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
  { reason: "color-contrast bgOverlap", html: /^</, screens: /-(busy|locks-soon|ends-soon)$/ },
  { reason: "color-contrast elmPartiallyObscuring", html: /^</, screens: /-(busy|locks-soon|ends-soon)$/ },
  // The design system draws the circle of a choice before its words, which are black on white.
  { reason: "color-contrast pseudoContent", html: /^<label\b/, screens: /^settings/ },
  // A long line of typewriter text scrolls within its own frame.
  { reason: "color-contrast elmPartiallyObscuring", html: /^<code>/, screens: /^(letter|forced-colours)/ },
  // In forced colours the system paints buttons; axe reads the colours of the stylesheet.
  { reason: "color-contrast equalRatio", html: /^<button\b/, screens: /^forced-colours/ },
];

const wasReviewed = (names, found) =>
  REVIEWED.some(({ reason, html, screens }) => reason === found.reason && html.test(found.html) && names.some((name) => screens.test(name)));

// What axe finds, and what it cannot decide unless that was reviewed. It is given to the page once: the pages
// have no frames, so that it need not be put together from several.
export async function axe(page, name, rules = EVERYTHING, names = [name]) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(`${AXE};undefined`);
  const { violations, incomplete } = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly, iframes: false, resultTypes: ["violations", "incomplete"] }),
    rules,
  );
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  const undecided = incomplete.flatMap(({ id, nodes }) =>
    nodes.map((node) => ({ reason: `${id} ${node.any.map((check) => check.data?.messageKey).join(" ")}`, html: node.html })),
  );
  return [...found, ...undecided.filter((one) => !wasReviewed(names, one)).map(({ reason, html }) => `undecided: ${reason}: ${html}`)];
}

export async function speak(page, language) {
  if ((await page.locator("html").getAttribute("lang")) !== language) {
    await page.locator('[data-action="language"]').click();
    await page.locator(`html[lang="${language}"]`).waitFor();
  }
}

// Looks at what is shown in both languages and both sizes, and that it fits in both on small screens; returns
// what was looked at. Ends in English on a phone. `again` brings back what a change of language ends.
export async function lookAt(page, name, again) {
  const seen = [];
  for (const language of ["gd", "en"]) {
    await speak(page, language);
    await again?.(page);
    if (language === "gd") await isInGaelic(page, name);
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: picture(`${name}-${language}-${size}`), fullPage: true });
      assert.deepEqual(await axe(page, name), [], `${name} ${language} ${size}`);
      seen.push(`${name}-${language}-${size}`);
    }
  }
  for (const language of ["gd", "en"]) {
    await speak(page, language);
    await again?.(page);
    await fits(page, `${name} ${language}`);
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

// Runs in the page. What is lost where the system chooses the colours, and what moves where nothing should.
function loseColours() {
  const wrong = [];
  const called = (element) => element.cloneNode(false).outerHTML;
  for (const media of ["(forced-colors: active)", "(prefers-reduced-motion: reduce)"]) {
    if (!matchMedia(media).matches) wrong.push(`not tried: ${media}`);
  }
  const PARTS = [undefined, "::before", "::after"];
  for (const element of document.querySelectorAll("body, body *")) {
    for (const part of PARTS) {
      const style = getComputedStyle(element, part);
      if (style.forcedColorAdjust === "none") wrong.push(`keeps its own colours: ${called(element)}`);
      const lasts = (durations) => durations.split(",").some((duration) => Number.parseFloat(duration) > 0);
      const moves = style.transitionProperty !== "none" && lasts(style.transitionDuration);
      if (moves || style.animationName !== "none") wrong.push(`moves: ${called(element)}`);
    }
  }
  if (getComputedStyle(document.documentElement).scrollBehavior !== "auto") wrong.push("scrolls smoothly");
  // A background is gone: what can be used needs an edge or a line, and another one when it has the focus.
  const { all, look, plain } = globalThis.noted;
  const isThere = (style, name) => style[`${name}Style`] !== "none" && Number.parseFloat(style[`${name}Width`]) > 0;
  const hasEdge = (element) =>
    [element, ...(element.labels ?? [])].some((one) =>
      PARTS.some((part) => {
        const style = getComputedStyle(one, part);
        return isThere(style, "outline") || isThere(style, "borderBottom") || style.textDecorationLine.includes("underline");
      }));
  const before = document.activeElement;
  all.forEach((control, place) => {
    const { width, height } = control.getBoundingClientRect();
    const isSeen = width > 2 && height > 2;
    before?.blur();
    if (isSeen && !hasEdge(control)) wrong.push(`has no edge: ${called(control)}`);
    control.focus({ preventScroll: true });
    if (look(control) === plain[place]) wrong.push(`looks the same with the focus: ${called(control)}`);
    control.blur();
  });
  before?.focus({ preventScroll: true });
  return wrong;
}

// Where the system chooses the colours and nothing is to move, everything can still be seen. Ends as it was.
export async function keepsInForcedColours(page, name) {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await page.evaluate(noteControls, CONTROLS);
  assert.deepEqual(await page.evaluate(loseColours), [], `${name} in forced colours`);
  assert.deepEqual(await axe(page, name, COLOURS, [name, "forced-colours"]), [], `${name} in forced colours`);
  await page.screenshot({ path: picture(`${name}-forced-colours`), fullPage: true });
  await page.emulateMedia({ forcedColors: null, reducedMotion: null });
}
