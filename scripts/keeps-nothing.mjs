// A session on somebody else's device stores nothing (LBX-SESSION-8): node scripts/keeps-nothing.mjs
//
// Its two files, and the one that fetches files for it, name of the vault what is listed here and nothing else.
// None of that knows the storage, the device or the mailbox that is kept there; of parts that do, only the
// functions that are named are used, and they are given none of it. Two places have the storage at hand where a
// session comes by: the one that looks at the trust file that is remembered, and only reads it, and the one that
// tells the two mailboxes apart. So a line that stores has no way in that is not seen here.

import { readFileSync } from "node:fs";

const VAULT = "client/vault/src";

// What each file may take from which part of the vault; `null` for the whole part.
const MAY = {
  visit: { failure: null, random: null, reading: null, recover: ["found"], watch: null, worker: null },
  reading: { failure: null, random: null, show: null, sync: ["tolerated"], waits: null, watch: null, worker: null },
  save: { failure: null, network: null, source: null, waits: null, watch: null },
};

// Has both mailboxes: of a session's it asks `reading` alone, which is looked through above.
const FORK = "source";

// What is given the storage to read what is remembered, and all that it is done with.
const ONLY_READS = { trust: ["seen", "served", "is_known", "record"] };

// Parts that those reach by themselves, beside what `MAY` names.
const BEHIND = ["network", "services"];

// What keeps something, here or in the browser: no file of a session names it.
const KEEPS = /\b(Storage|Shelf|Change|Device|Shared|Opened|storage|records|aside|lock)\b|\.(databases|navigator)\(|indexed_db|local_storage|session_storage|\bcaches\b/;

// What the parts that it takes do not name. The worker is the door to everything, also to the browser's
// databases and locks: that a session calls neither is seen above.
const REACHES = /\bstorage::(\{[^}]*)?(Storage|Shelf|Change)\b|\b(Shared|Opened)\b|\bdevice::|indexed_db|\.databases\(/;
const DOOR = "worker";

const problems = [];
const read = (part) => readFileSync(`${VAULT}/${part}.rs`, "utf8").replace(/\/\/.*$/gm, "");

// The paths that the tree of a `use` names.
function paths(tree) {
  const [, before, inside] = tree.match(/^([^{]*)\{([^]*)\}$/) ?? [, tree];
  if (inside === undefined) return [before.trim()];
  const parts = [];
  let depth = 0;
  let part = "";
  for (const sign of `${inside},`) {
    depth += { "{": 1, "}": -1 }[sign] ?? 0;
    if (sign === "," && depth === 0) {
      if (part.trim()) parts.push(part.trim());
      part = "";
    } else part += sign;
  }
  return parts.flatMap(paths).map((path) => before.trim() + path);
}

const kept = (text) => text.match(KEEPS)?.[0];
const reached = (text) => text.match(REACHES)?.[0];

for (const [file, may] of Object.entries(MAY)) {
  const text = read(file);
  const takes = (part, name) => {
    if (!(part in may)) problems.push(`${file}.rs takes something from ${part}.rs`);
    else if (name && may[part] && !may[part].includes(name)) problems.push(`${file}.rs takes ${name} from ${part}.rs`);
  };
  const uses = [...text.matchAll(/^ *(?:pub(?:\([a-z]+\))? )?use crate::([^;]*);/gm)];
  if (uses.length === 0) problems.push(`${file}.rs names nothing of the vault: this check sees nothing there`);
  for (const path of uses.flatMap(([, tree]) => paths(tree))) {
    const [part, name] = path.split("::");
    takes(part, name);
    // By its whole name.
    for (const [, used] of text.matchAll(new RegExp(`\\b${part}::(\\w+)`, "g"))) if (!name) takes(part, used);
  }
  const body = uses.reduce((rest, [whole]) => rest.replace(whole, ""), text);
  if (/\b(crate|super)::/.test(body)) problems.push(`${file}.rs names a part of the vault without a use: list it there`);
  if (kept(text)) problems.push(`${file}.rs names ${kept(text)}`);
  for (const [part, names] of Object.entries(may)) {
    if (!names) {
      const found = [DOOR, FORK].includes(part) || part in MAY ? undefined : reached(read(part));
      if (found) problems.push(`${part}.rs, which ${file}.rs takes, names ${found}`);
      continue;
    }
    for (const name of names.filter((name) => name !== name.toUpperCase())) {
      const [whole] = read(part).match(new RegExp(`fn ${name}\\b[^]*?\\n}`)) ?? [];
      if (!whole) problems.push(`${part}.rs has no ${name}, which ${file}.rs takes`);
      else if (kept(whole)) problems.push(`${name} in ${part}.rs, which ${file}.rs takes, names ${kept(whole)}`);
    }
  }
}
const asks = [...read(FORK).matchAll(/Self::Session\(([^)]*)\) *=>([^\n]*)/g)];
if (asks.length === 0) problems.push(`${FORK}.rs has no session: this check sees nothing there`);
for (const [, name, does] of asks) {
  if (name !== "reading" || !/^ reading\.\w+\([\w, ]*\),$/.test(does)) problems.push(`${FORK}.rs does${does} for a session`);
}
for (const [part, names] of Object.entries(ONLY_READS)) {
  for (const name of names) {
    const [whole] = read(part).match(new RegExp(`fn ${name}\\b[^]*?\\n}`)) ?? [];
    const found = whole?.match(/\bChange\b|\bstorage *\.(?!read\()\w+/)?.[0];
    if (!whole) problems.push(`${part}.rs has no ${name}, by which a session goes`);
    else if (found) problems.push(`${name} in ${part}.rs, by which a session goes, names ${found}`);
    // What it hands the storage on to is on the list as well.
    for (const [, other] of whole?.matchAll(/(\w+)\((?:[^()]*, *)?storage\b/g) ?? []) {
      if (![...names, "Some"].includes(other)) problems.push(`${name} in ${part}.rs, by which a session goes, gives the storage to ${other}`);
    }
  }
}
for (const part of BEHIND) if (reached(read(part))) problems.push(`${part}.rs, which a session reaches, names ${reached(read(part))}`);

for (const problem of problems) console.log(`keeps-nothing: ${problem}: a session stores nothing (LBX-SESSION-8)`);
process.exit(problems.length === 0 ? 0 : 1);
