// The recovery code's format (LBX-CODE-1), written down once more, so that what is shown is checked by
// something else than what made it.

import { randomBytes } from "node:crypto";

// Bech32m, BIP 350.
const ALPHABET = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CONSTANT = 0x2bc830a3;
const IN_FRONT = [..."letterbox"].map((sign) => sign.charCodeAt(0));
const FRONT = [...IN_FRONT.map((sign) => sign >> 5), 0, ...IN_FRONT.map((sign) => sign & 31)];

const remainder = (symbols) =>
  symbols.reduce((sum, symbol) => {
    const shifted = ((sum & 0x1ffffff) << 5) ^ symbol;
    return GENERATOR.reduce((mixed, part, place) => ((sum >> (25 + place)) & 1 ? mixed ^ part : mixed), shifted);
  }, 1);

const inGroups = (signs) => signs.match(/.{4}/g).join(" ");

// Whether the code is one: forty signs, its checksum, version 1.
export function isCode(code) {
  const signs = [...code.replaceAll(" ", "")];
  const symbols = signs.map((sign) => ALPHABET.indexOf(sign));
  const version = (symbols[0] << 3) | (symbols[1] >> 2);
  return signs.length === 40 && !symbols.includes(-1) && remainder([...FRONT, ...symbols]) === CONSTANT && version === 1;
}

// A code that is right in every way, and of no mailbox.
export function codeOfNobody() {
  // 21 bytes, and two bits to fill 34 symbols.
  const bits = BigInt(`0x01${randomBytes(20).toString("hex")}`) << 2n;
  const symbols = Array.from({ length: 34 }, (_, place) => Number((bits >> BigInt(5 * (33 - place))) & 31n));
  const sum = remainder([...FRONT, ...symbols, 0, 0, 0, 0, 0, 0]) ^ CONSTANT;
  const checksum = Array.from({ length: 6 }, (_, place) => (sum >> (5 * (5 - place))) & 31);
  return inGroups([...symbols, ...checksum].map((symbol) => ALPHABET[symbol]).join(""));
}

// The same with one sign that is another.
export function mistyped(code, place = 22) {
  const other = ALPHABET[(ALPHABET.indexOf(code[place]) + 1) % ALPHABET.length];
  return code.slice(0, place) + other + code.slice(place + 1);
}
