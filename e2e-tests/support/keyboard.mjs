// A person with a keyboard and nothing else: where the focus is, whether it is seen, and whether it goes from one
// control to the next in the order in which they are read.

import assert from "node:assert/strict";

export const CONTROLS = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]';

// What fades in, or moves, has no look and no place yet when it is looked at.
const AT_ONCE = { reducedMotion: "reduce" };

// Runs in the page. Notes what Tab should reach, and how each looks without the focus.
export function noteControls(selector) {
  // Of a group of choices Tab reaches the one that is chosen, or else the first; arrows reach the others.
  const isInItsPlace = (control) => {
    if (control.type !== "radio") return true;
    const group = [...document.querySelectorAll('input[type="radio"]')].filter(({ name, form }) => name === control.name && form === control.form);
    return control === (group.find(({ checked }) => checked) ?? group[0]);
  };
  const LOOKS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "filter", "color", "backgroundColor", "borderTopColor", "borderTopWidth", "borderBottomColor", "textDecorationLine", "clip", "position"];
  const look = (control) =>
    [control, ...(control.labels ?? [])]
      .flatMap((part) => [undefined, "::before", "::after"].map((pseudo) => getComputedStyle(part, pseudo)))
      .map((style) => LOOKS.map((name) => style[name]).join())
      .join(";");
  const before = document.activeElement;
  before?.blur();
  const all = [...document.querySelectorAll(selector)].filter((control) => control.checkVisibility({ visibilityProperty: true }) && isInItsPlace(control));
  globalThis.noted = { all, look, plain: all.map(look), last: undefined };
  if (before && before !== document.body) before.focus({ preventScroll: true });
  return all.length;
}

// Runs in the page. Where the focus is now, and what is wrong with that; nothing where it has left the page.
function seeFocus() {
  const { all, look, plain } = globalThis.noted;
  const control = document.activeElement;
  if (!control || control === document.body || control === document.documentElement) return null;
  const place = all.indexOf(control);
  const called = (control.labels?.[0] ?? control).innerText.replace(/\s+/g, " ").trim();
  const wrong = [];
  if (place < 0) wrong.push("is nothing that can be used");
  else if (look(control) === plain[place]) wrong.push("looks the same with the focus as without");
  // The design system draws a choice as a part of its label.
  const parts = [control, ...(control.labels ?? [])];
  const isSeen = parts.some((part) => {
    const { left, right, top, bottom } = part.getBoundingClientRect();
    const [west, east] = [Math.max(left, 0), Math.min(right, innerWidth)];
    const [north, south] = [Math.max(top, 0), Math.min(bottom, innerHeight)];
    if (east - west < 1 || south - north < 1) return false;
    // WCAG 2.4.11: not wholly hidden by anything else.
    return [0.1, 0.5, 0.9].some((x) =>
      [0.1, 0.5, 0.9].some((y) => {
        const found = document.elementFromPoint(west + x * (east - west), north + y * (south - north));
        return parts.some((one) => one.contains(found));
      }));
  });
  if (!isSeen) wrong.push("is out of sight or covered");
  // What sticks to an edge is where it is read last, wherever it is seen.
  let floats = false;
  for (let part = control; part; part = part.parentElement) floats ||= ["sticky", "fixed"].includes(getComputedStyle(part).position);
  const { top, bottom } = control.getBoundingClientRect();
  return { place, called, wrong, floats, top: top + scrollY, bottom: bottom + scrollY };
}

// Presses the key once more. Returns where it led to; nothing where the focus has left the page.
async function step(page, key, count, last) {
  await page.keyboard.press(key);
  const now = await page.evaluate(seeFocus);
  if (!now || !last) return now;
  const by = key === "Tab" ? 1 : -1;
  const wrong = [...now.wrong];
  if (now.place !== (last.place + by + count) % count) wrong.push(`does not come next after ${last.called}`);
  const goesOn = (now.place - last.place) * by > 0;
  const [upper, lower] = by > 0 ? [last, now] : [now, last];
  if (goesOn && !upper.floats && !lower.floats && lower.bottom < upper.top) wrong.push(`stands above ${last.called}, and is reached after it`);
  return { ...now, wrong };
}

const fine = (wrong, name) => assert.deepEqual(wrong, [], name);

// Goes through everything that can be used on what is shown, by Tab, once. `name` is for what is said of a mistake.
export async function walks(page, name) {
  await page.emulateMedia(AT_ONCE);
  const count = await page.evaluate(noteControls, CONTROLS);
  const reached = new Set();
  let last = null;
  for (let press = 0; reached.size < count; press += 1) {
    assert.ok(press < 2 * count + 4, `${name}: Tab reaches ${reached.size} of ${count}`);
    last = await step(page, "Tab", count, last);
    if (!last) continue;
    fine(last.wrong.map((what) => `${last.called} ${what}`), name);
    reached.add(last.place);
  }
  await page.emulateMedia({ reducedMotion: null });
}

// Goes to the control that is called `name`, by Tab, or by Shift and Tab if `back`.
export async function tabsTo(page, name, { back = false } = {}) {
  await page.emulateMedia(AT_ONCE);
  const count = await page.evaluate(noteControls, CONTROLS);
  let last = null;
  // Once round, and over the edge of the page.
  for (let press = 0; press <= count + 2; press += 1) {
    last = await step(page, back ? "Shift+Tab" : "Tab", count, last);
    if (!last) continue;
    fine(last.wrong, last.called);
    if (last.called === name) return page.emulateMedia({ reducedMotion: null });
  }
  assert.fail(`no Tab leads to "${name}"`);
}

// Uses the control that is called `name` by a key.
export async function uses(page, name, { key = "Enter", ...options } = {}) {
  await tabsTo(page, name, options);
  await page.keyboard.press(key);
}

// Types into the field that is called `name`.
export async function types(page, name, text, options) {
  await tabsTo(page, name, options);
  await page.keyboard.type(text);
}

// A new screen begins at its heading.
export async function isAtHeading(page) {
  await page.waitForFunction(() => document.activeElement === document.querySelector("#main-content h1"));
}
