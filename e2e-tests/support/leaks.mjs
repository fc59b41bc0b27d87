// Looks for canaries in everything below a folder, names of files included, in every form in which a
// program may have written them down.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { within } from "./files.mjs";

// Shorter ones would be found by chance in what is sealed.
const SHORTEST = 5;

// The characters of base64 that depend on these bytes alone, wherever in something longer they stand.
const inBase64 = (bytes, alphabet) =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet);
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });

// As Rust prints bytes that it takes for text, and as JSON may write text.
const escaped = (bytes) => [...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join("");
const inJson = (text) => text.replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

// Every form of some bytes. CBOR has byte strings and texts as they are.
function ofBytes(bytes) {
  const hex = bytes.toString("hex");
  return {
    "as it is": bytes,
    "hexadecimal": hex,
    "hexadecimal in capitals": hex.toUpperCase(),
    // As Rust prints a list of bytes.
    "numbers": [...bytes].join(", "),
    "escaped": escaped(bytes),
    ...Object.fromEntries(["base64", "base64url"].flatMap((alphabet) => inBase64(bytes, alphabet).map((text, place) => [`${alphabet} ${place}`, text]))),
  };
}

// As people write it; composed and decomposed accents. The directory's own form of a name, which has no
// accents, is a canary by itself.
const spellings = (text) => new Set([text, text.toLowerCase(), text.toUpperCase()].flatMap((one) => [one.normalize("NFC"), one.normalize("NFD")]));

function ofText(text) {
  const forms = [];
  for (const spelling of spellings(text)) {
    forms.push(...Object.entries(ofBytes(Buffer.from(spelling))));
    // Browsers keep a text without other signs in Latin-1.
    if (/^[\x00-\xff]*$/.test(spelling)) forms.push(["Latin-1", Buffer.from(spelling, "latin1")]);
    forms.push(["UTF-16", Buffer.from(spelling, "utf16le")], ["in an address", encodeURIComponent(spelling)], ["in a form", encodeURIComponent(spelling).replaceAll("%20", "+")], ["in JSON", inJson(spelling)]);
  }
  return forms;
}

// Each different form of a canary, with its name.
export function formsOf(canary) {
  const forms = typeof canary === "string" ? ofText(canary) : Object.entries(ofBytes(canary));
  const known = new Map();
  for (const [form, written] of forms) {
    const pattern = Buffer.from(written);
    if (pattern.length < SHORTEST) throw new Error("a canary is too short to be looked for");
    const key = pattern.toString("latin1");
    if (!known.has(key)) known.set(key, { form, pattern });
  }
  return [...known.values()];
}

// Where below a folder one of the canaries stands, by their names: `{ canary, form, file }`.
//
// First every form of every canary is planted in a file, and one canary in the name of a file: unless
// each is found there, it throws.
export function leaks(folder, canaries) {
  const wanted = Object.entries(canaries).flatMap(([canary, value]) => formsOf(value).map((form) => ({ canary, ...form })));
  const decoys = join(folder, "planted");
  const padding = Buffer.alloc(1000, "x");
  const decoyOf = (place) => join(decoys, `form-${place}`);
  // Names of files have at most 255 bytes: the first canary has to be a short one.
  const [first, value] = Object.entries(canaries)[0];
  const named = join(decoys, `named-${ofBytes(Buffer.from(value)).hexadecimal}`);
  mkdirSync(decoys);
  const found = [];
  try {
    for (const [place, { pattern }] of wanted.entries()) writeFileSync(decoyOf(place), Buffer.concat([padding, pattern, padding]));
    writeFileSync(named, "");
    for (const { path } of within(folder)) {
      const content = Buffer.concat([Buffer.from(`${relative(folder, path)}\n`), readFileSync(path)]);
      for (const [place, { canary, form, pattern }] of wanted.entries()) {
        if (content.includes(pattern)) found.push({ place, canary, form, path });
      }
    }
  } finally {
    rmSync(decoys, { recursive: true });
  }
  for (const [place, { canary, form }] of wanted.entries()) {
    if (!found.some((one) => one.place === place && one.path === decoyOf(place))) throw new Error(`the scan does not find what was planted: ${canary}, ${form}`);
  }
  if (!found.some(({ canary, path }) => canary === first && path === named)) throw new Error("the scan does not find what was planted in a name");
  return found.filter(({ path }) => !path.startsWith(`${decoys}/`)).map(({ canary, form, path }) => ({ canary, form, file: relative(folder, path) }));
}
