// What a device without a browser has kept in its state file.

import { readFileSync } from "node:fs";

const read = (state) => JSON.parse(readFileSync(state, "utf8"));

// Everything of letters: the list, where it stands, the letters, what is to be filed.
export const ofLetters = (state) =>
  Object.fromEntries(Object.entries(read(state)).filter(([name]) => name === "inbox" || /^(summary|letter|filing)\//.test(name)));

// A record as it was stored.
export const record = (state, name) => Buffer.from(read(state)[name], "base64url");

// Whether there is such a record.
export const holds = (state, name) => name in read(state);
