// What the page says, in both languages, as its catalogue has it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const source = (language) => readFileSync(new URL(`../../client/catalogue/${language}.ftl`, import.meta.url), "utf8");
const read = (language) => new Map([...source(language).matchAll(/^([a-z-]+) = (.+)$/gm)].map(([, key, text]) => [key, text]));
const ENGLISH = read("en");
const GAELIC = read("gd");
// What is said in another way for one, two or many.
const COUNTED = [...source("en").matchAll(/^ +\*?\[[a-z]+\] (.+)$/gm)].map(([, text]) => text);

// Which lines of both languages say something, as `en key`.
export const saying = (pattern) =>
  Object.entries({ en: ENGLISH, gd: GAELIC }).flatMap(([language, lines]) =>
    [...lines].filter(([, text]) => pattern.test(text)).map(([key]) => `${language} ${key}`));

const VALUE = /\{ \$([a-z]+) \}/g;

// An English message, with its values.
export function words(key, values = {}) {
  const text = ENGLISH.get(key);
  if (text === undefined) throw new Error(`the catalogue has no line for ${key}`);
  return text.replace(VALUE, (_, name) => values[name]);
}

// What an English message looks like wherever it stands. Of those that are the same in Gaelic nothing can be said.
const IN_ENGLISH = [...ENGLISH, ...COUNTED.map((text) => ["", text])]
  .filter(([key, text]) => GAELIC.get(key) !== text && !key.startsWith("language-") && text.replace(VALUE, "").length > 3)
  .map(([, text]) => new RegExp(`^${text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{ \\\$[a-z]+ \}/g, ".+")}$`));

// What can be read or heard on a page in the language of the page, not in one of its own.
function said() {
  const isForeign = (element) => element.closest("[lang]").lang !== document.documentElement.lang;
  const found = [document.title, ...document.title.split(/ – |: /)];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (!isForeign(parentElement) && !parentElement.closest("noscript, #cannot-start")) found.push(data);
  }
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]")) {
    if (isForeign(element)) continue;
    for (const name of ["title", "aria-label", "placeholder", "alt"]) found.push(element.getAttribute(name) ?? "");
  }
  return found.map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean);
}

// Where Gaelic is, all of the page is Gaelic, and says that nobody who is fluent has reviewed it.
export async function isInGaelic(page, name) {
  const review = page.locator("#main-content").getByText(/awaiting review by a fluent speaker/).first();
  assert.ok(await review.isVisible(), `${name} says that its Gaelic awaits review`);
  assert.equal(await review.evaluate((element) => element.closest("[lang]").lang), "en", `${name}: what it says of that in English is marked as English`);
  const texts = await page.evaluate(said);
  assert.ok(texts.length > 5, name);
  assert.deepEqual(texts.filter((text) => IN_ENGLISH.some((message) => message.test(text))), [], `${name} is whole in Gaelic`);
}
