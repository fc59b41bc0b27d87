// Writes what the fuzz targets begin with: node fuzz/seeds.mjs FOLDER
//
// Everything in docs/vectors that a target's decoders read, and what stands inside it: each byte string and
// each longer array of an object is a seed of its own, since a decoder of the inner object knows it too. What
// has no vectors begins with examples of ours.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node fuzz/seeds.mjs FOLDER");
const vector = (name) =>
  JSON.parse(readFileSync(new URL(`../docs/vectors/${name}.json`, import.meta.url), "utf8"));

// Which vectors a target begins with.
const TARGETS = {
  cbor: ["access-list", "epoch", "letter", "passphrase", "person", "receipt", "tickets"],
  relay_objects: ["access-list", "receipt", "tickets"],
  tickets: ["tickets"],
  requests: ["request", "recovery-code"],
  letters: ["letter", "letter-fingerprint", "envelope"],
  entries: ["entries", "sign-in"],
  bodies: ["body", "letter"],
  directory: ["directory", "epoch"],
  evidence: ["evidence", "person"],
  stored: ["archive", "passphrase", "recovery-bundle"],
  keys: ["inbox-key", "recovery-code", "receipt", "directory"],
  trust: [],
  markdown: [],
};

// A letter's text with a little of all that CommonMark knows, and of what is hostile about it.
const MARKDOWN = [
  "# Your bill\n\nDear Ms *O’Neil*,\\\nplease **pay** `CT1`:\n\n1. online\n2. by post\n\n> Thank you\n\n---\n\n    as it is\n",
  '[pay](https://pay.example.scot/bill?1#2 "You agree.") <https://pay.example.scot> <https://evil.example>',
  "[x](javascript:alert(1)) [y](<https://pay.example.scot@evil.example/>) <someone@evil.example>",
  "![picture](x 'You agree.') ![a [b](https://pay.example.scot/) c](d)",
  "[a][b] [b] [b][]\n\n[b]: https://pay.example.scot/ (You agree.)\n[B]: y 'another'",
  "> - a\n>\n>   [c]: <x>\n>   'You\n>   agree.'\n> - b\n",
  "[c]: x\na\n===\n\n###### b\n[d]: y\n",
  "~~~ You agree.\na\n~~~\n\n```Or not.\n",
  // Taken many times over, it stays one comment.
  `<!--${"\n".repeat(12)}`,
  "<script>a</script>\n\na <b onclick=x>b</b>",
  "a&#x202e;b &ZeroWidthSpace; &copy; &#0; &#27; \\*",
  `${"> ".repeat(30)}deep`,
  `${"- ".repeat(30)}deep`,
  `${"*a ".repeat(40)}deep${"*".repeat(40)}`,
  `${"![".repeat(40)}deep${"](x 'y')".repeat(40)}`,
  "*deep* ".repeat(200),
];

const isHex = (text) => text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]+$/.test(text);

// All texts of a vector: those in hexadecimal as the bytes that they stand for, and as they are.
function* contents(value) {
  if (typeof value === "string") {
    if (isHex(value)) yield Buffer.from(value, "hex");
    yield Buffer.from(value);
  } else if (value && typeof value === "object") {
    for (const inner of Object.values(value)) yield* contents(inner);
  }
}

// The items inside an item of deterministic CBOR, the item itself first; nothing for what is none.
function items(bytes) {
  const found = [];
  const read = (start, depth) => {
    const [major, short] = [bytes[start] >> 5, bytes[start] & 0x1f];
    if (bytes[start] === undefined || short > 27 || depth > 16) throw new RangeError("no CBOR");
    const width = short < 24 ? 0 : 2 ** (short - 24);
    let [argument, end] = [short, start + 1 + width];
    if (width > 0) argument = Number(BigInt(`0x${bytes.toString("hex", start + 1, end)}`));
    if (major === 2 || major === 3) end += argument;
    const inner = major === 4 ? argument : major === 5 ? 2 * argument : 0;
    const place = found.push(null) - 1;
    for (let count = 0; count < inner; count++) end = read(end, depth + 1);
    if (end > bytes.length) throw new RangeError("no CBOR");
    found[place] = bytes.subarray(start, end);
    if (major === 2) found.push(...items(bytes.subarray(end - argument, end)));
    return end;
  };
  try {
    return read(0, 0) === bytes.length ? found : [];
  } catch {
    return [];
  }
}

// A trust file as somebody would sign it: there is no vector of one. In that of version 2 the relay's receipt
// key was replaced twice (LBX-TRUST-3).
function trustFile(version) {
  const [directory, evidence, receipt] = [vector("directory"), vector("evidence"), vector("receipt")];
  const key = (hex) => Buffer.from(hex, "hex").toString("base64url");
  const [first, second] = vector("body").operators.map(key);
  const replaced = { receipt_key_not_before: 200, former_receipt_keys: [`${first} 0 99`, `${second} 100 199`] };
  return JSON.stringify({
    ...(version === 2 ? { version } : {}),
    issued: directory.now,
    directory: {
      url: "https://directory.letterbox.example",
      log_origin: directory.origin,
      log_key: key(directory.log_key),
      vrf_key: key(directory.vrf_key),
      operators: vector("body").operators.map(key),
    },
    witnesses: directory.witnesses.map((witness) => ({ name: witness.name, key: key(witness.key) })),
    quorum: directory.quorum,
    relay: { url: "https://relay.letterbox.example", receipt_key: key(receipt.receipt_key), ...(version === 2 ? replaced : {}) },
    provider: {
      issuer: evidence.issuer,
      attribute_issuer: evidence.attribute_issuer,
      authorize_url: `${evidence.issuer}/authorize`,
      client_id: evidence.client_id,
      redirect_uri: "https://letterbox.example/signed-in",
      keys: JSON.parse(evidence.keys),
      attribute_keys: JSON.parse(evidence.attribute_keys),
    },
  });
}

// What only some targets read.
function* further(target) {
  if (target === "evidence") {
    for (const person of vector("person").people) {
      yield Buffer.from([person.given_name, person.family_name, person.born, person.postcode ?? ""].join("\n"));
    }
    const tokens = items(Buffer.from(vector("evidence").evidence, "hex")).filter((item) => item[0] >> 5 === 3);
    for (const token of tokens) yield token.subarray(token.indexOf("ey"));
  }
  if (target === "trust") {
    const key = Buffer.from(vector("receipt").receipt_key, "hex").toString("base64url");
    for (const trust of [1, 2].map(trustFile)) {
      yield Buffer.from(trust);
      yield Buffer.from(JSON.stringify({ trust, signer: key, signature: Buffer.alloc(64).toString("base64url") }));
    }
  }
  if (target === "markdown") {
    for (const text of MARKDOWN) yield Buffer.from(text);
    yield Buffer.from(MARKDOWN.join("\n\n"));
  }
  if (target === "keys") {
    yield Buffer.from(Buffer.from(vector("directory").log_key, "hex").toString("base64url"));
    for (const origin of ["https://relay.example", "http://[::1]:8080"]) yield Buffer.from(origin);
  }
}

for (const [target, vectors] of Object.entries(TARGETS)) {
  const seeds = new Map();
  const add = (bytes) => seeds.set(createHash("sha256").update(bytes).digest("hex").slice(0, 16), bytes);
  for (const content of vectors.flatMap((name) => [...contents(vector(name))])) {
    add(content);
    items(content).filter((item) => item.length >= 16).forEach(add);
  }
  for (const content of further(target)) add(content);
  if (seeds.size < 2) throw new Error(`${target} has nothing to begin with`);
  rmSync(join(folder, target), { recursive: true, force: true });
  mkdirSync(join(folder, target), { recursive: true });
  for (const [name, bytes] of seeds) writeFileSync(join(folder, target, name), bytes);
}
