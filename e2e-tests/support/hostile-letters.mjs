// Letters that no honest sender writes: the collections of support/collections.mjs in every field, and
// letters that break the protocol. A registered body whose software checks nothing sends them.

import { spawn } from "node:child_process";
import { join } from "node:path";

import { VECTORS } from "./collections.mjs";
import { MARK } from "./detectors.mjs";

const PROGRAM = "target/debug/letterbox-hostile-sender";

// Room for the other fields: a letter has up to 62 KiB in all.
const MOST_TEXT = 40_000;
const FILES = 4;
const ACTIONS = 8;

// Some of ours, which leave a mark or ask for something elsewhere.
const OWN = [
  `<img src="https://elsewhere.example/x.png" onerror="globalThis.${MARK} = 1">`,
  `<script>globalThis.${MARK} = 1</script>`,
  `<svg><script>globalThis.${MARK} = 1</script></svg>`,
  `<iframe srcdoc="<script>parent.${MARK} = 1</script>"></iframe>`,
  `<style>@import "https://elsewhere.example/x.css"; * { display: none }</style>`,
  `<base href="https://elsewhere.example/"><meta http-equiv="refresh" content="0;url=https://elsewhere.example/">`,
  `[words](javascript:globalThis.${MARK}=1)`,
  "![words](https://elsewhere.example/x.png)",
];

// What a letter refuses: characters that are not seen as they are (LBX-LETTER-3), as Unicode's own table has
// them, but for the joiners and the choice between two looks of a sign.
const DECEPTIVE = /(?![\u{200c}\u{200d}\u{fe0e}\u{fe0f}])[\p{Cc}\p{Default_Ignorable_Code_Point}\u{2028}\u{2029}\u{fff9}-\u{fffb}]/u;
const isSeen = (text) => !DECEPTIVE.test(text.replace(/[\n\t]/g, ""));
const isLine = (text) => !DECEPTIVE.test(text);
const characters = (text) => [...text].length;
const isFileName = (text) => isLine(text) && characters(text) <= 100 && !/^\.|[/\\:*?"<>|]/.test(text);
// What may follow a host in an address (LBX-LETTER-7).
const isInAddress = (text) => /^[!#-;=?-[\]-~]{1,400}$/.test(text);

export const SEEN = [...OWN, ...VECTORS].filter(isSeen);
export const UNSEEN = VECTORS.filter((vector) => !isSeen(vector));
const lines = (most) => SEEN.filter((vector) => isLine(vector) && characters(vector) <= most);

// The text as CommonMark shows it: what its numbers and names of characters bring in is not shown if it
// deceives.
export const shown = (text) => [...text].map((sign) => (isSeen(sign) ? sign : "\u{fffd}")).join("");

// Deals strings out one after another, over and over.
function dealer(strings) {
  let next = 0;
  return () => strings[next++ % strings.length];
}
// Deals out as many as fit, one a line.
function filler(strings, most) {
  const deal = dealer(strings.filter((string) => Buffer.byteLength(string) <= most));
  let left = deal();
  return () => {
    let filled = "";
    while (Buffer.byteLength(filled) + Buffer.byteLength(left) < most) [filled, left] = [`${filled}${filled && "\n"}${left}`, deal()];
    return filled;
  };
}
// Parts of a text, as many texts as it takes.
function texts(parts) {
  const made = [{ text: "", of: [] }];
  for (const { part, of } of parts) {
    if (Buffer.byteLength(made.at(-1).text) + Buffer.byteLength(part) > MOST_TEXT) made.push({ text: "", of: [] });
    made.at(-1).text += `${part}\n\n`;
    made.at(-1).of.push(of);
  }
  return made;
}

// Longer than any in the collections.
const FENCE = "~".repeat(20);
const escaped = (text) => text.replace(/[!-/:-@[-`{-~]/g, "\\$&");

// The parser that letters are read with ends raw HTML at closing tags in small letters alone, CommonMark's
// own reader at any: what follows is text for both, but with its signs read as Markdown or as they stand.
// As they were published, capitals included, they are in the letters of code.
const closing = (text) => text.replace(/<\/(?:script|style|pre|textarea)>/gi, (tag) => tag.toLowerCase());

const asMarkdown = () => texts(SEEN.map((of) => ({ part: closing(of), of })));
// Text as it stands, and where a link leads.
export const asItStands = (of) => `${FENCE}\n${of}\n${FENCE}`;
export const leadingTo = (of) => `[where](<${escaped(of)}>)`;
const asCode = () => texts(SEEN.map((of) => ({ part: asItStands(of), of })));
const asAddress = () => texts(SEEN.filter((of) => isLine(of)).map((of) => ({ part: leadingTo(of), of })));
// These may be opened: their host is registered.
const asOpenAddress = () =>
  texts(SEEN.filter(isInAddress).map((of) => ({ part: `[where](<https://pay.council.example/?${escaped(of)}>)`, of })));

// Every letter, with what stands in it: `kind` says how the strings `of` stand in its text.
export function hostileLetters() {
  const label = filler(lines(80), 240);
  const [unit, caseId, actionLabel, reference] = [100, 100, 100, 64].map((most) => dealer(lines(most)));
  const [summary, contact, place, details] = [3900, 1900, 390, 900].map((most) => filler(SEEN, most));
  const [fileName, fileLabel] = [SEEN.filter(isFileName), lines(100)].map(dealer);
  const address = dealer(SEEN.filter(isInAddress));
  const kinds = { markdown: asMarkdown, code: asCode, address: asAddress, open: asOpenAddress };
  return Object.entries(kinds).flatMap(([kind, make]) =>
    make().map(({ text, of }) => ({
      kind,
      of,
      draft: {
        label: label().replaceAll("\n", " "),
        language: "onload-alert",
        text,
        summary: summary(),
        unit: unit(),
        contact: contact(),
        case_id: caseId(),
        actions: Array.from({ length: ACTIONS }, (_, number) => ({
          label: actionLabel(),
          reference: reference(),
          place: place(),
          details: number === 0 ? details() : undefined,
          url: number % 2 === 0 ? `https://pay.council.example/?${address()}` : undefined,
        })),
        files: Array.from({ length: FILES }, (_, number) => ({
          name: fileName(),
          label: fileLabel(),
          media_type: number % 2 === 0 ? "text/html" : "image/svg+xml",
          language: "script",
          content: `<script>globalThis.${MARK} = 1</script>`,
        })),
        translations: [{ language: "gd", label: label().replaceAll("\n", " "), text: "Hello.", summary: details() }],
      },
    })),
  );
}

const GOOD = { label: "Broken", language: "en", text: "Hello." };
const FILE = { name: "paper.pdf", media_type: "application/pdf", content: "x" };
const TAG = '<img src=x onerror="alert(1)">';

// Letters that break the protocol, one rule each.
export const BROKEN = {
  "a language that is markup": { ...GOOD, language: 'en" onload="alert(1)' },
  "a file whose name is markup": { ...GOOD, files: [{ ...FILE, name: `${TAG}.pdf` }] },
  "a file whose name is a path": { ...GOOD, files: [{ ...FILE, name: "../../paper.pdf" }] },
  "a file whose media type is markup": { ...GOOD, files: [{ ...FILE, media_type: `text/html${TAG}` }] },
  "a file whose language is markup": { ...GOOD, files: [{ ...FILE, language: TAG }] },
  "an action that leads to a script": { ...GOOD, actions: [{ label: "Press", url: "javascript:alert(1)" }] },
  "an action that leads to data": { ...GOOD, actions: [{ label: "Press", url: `data:text/html,${TAG}` }] },
  "a currency that is markup": { ...GOOD, actions: [{ label: "Press", currency: TAG }] },
  "a translation whose language is markup": { ...GOOD, translations: [{ language: TAG, label: "Broken", text: "Hello." }] },
  "no subject": { ...GOOD, label: "" },
  "a subject that is longer than one": { ...GOOD, label: TAG.repeat(100) },
  "characters that deceive, in the text": { ...GOOD, text: UNSEEN.join("\n\n") },
  "characters that deceive, in the summary": { ...GOOD, summary: UNSEEN[0] },
  "characters that deceive, in the name of a file": { ...GOOD, files: [{ ...FILE, name: "paper\u{202e}fdp.exe" }] },
};

// Sends letters in their order; fails with the program's own words.
export async function sendHostile(recipient, drafts) {
  const running = spawn(PROGRAM, ["--keys", join(process.env.LETTERBOX_DATA, "body.keys"), ...recipient], { stdio: "pipe" });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) running[stream].on("data", (text) => { said[stream] += text; });
  const ended = new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", resolve);
  });
  // Who ends early says why.
  running.stdin.on("error", () => {});
  running.stdin.end(JSON.stringify(drafts));
  const code = await ended;
  if (code !== 0 || said.stdout.trim() !== `${drafts.length}`) throw new Error(`the hostile sender ended with ${code}: ${said.stderr}`);
}
