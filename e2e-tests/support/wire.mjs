// What goes over the wire, opened to be altered (LBX-ENC-2). Another implementation of CBOR than the
// product's.

import assert from "node:assert/strict";
import { decode, encode } from "cborg";

export const read = (content) => decode(content);
export const write = (value) => Buffer.from(encode(value));

// The same with something altered in it: `change` alters the value, or gives another.
export function rewritten(content, change) {
  const value = read(content);
  // Only what the test altered differs.
  assert.ok(write(value).equals(content), "what was opened is written as it was");
  return write(change(value) ?? value);
}

// A copy with one bit turned: of the byte at this place, counted from the end where it is negative.
export function turned(bytes, place = -1) {
  const altered = Buffer.from(bytes);
  altered[place < 0 ? altered.length + place : place] ^= 1;
  return altered;
}

// For `alter`: answers that succeeded, with their value altered.
export const answers = (change) => ({
  answer: (given, asked) => {
    assert.equal(given.status, 200, `${given.content}`);
    return { content: rewritten(given.content, (value) => change(value, asked)) };
  },
});

// A letter in the relay's list, a page of it, and a page of the archive, by the names of their fields.
export const DEPOSIT = 0, ENVELOPE = 1, RECEIPT = 2;
export const LETTERS = 0, LAST = 1, HEAD = 2;
