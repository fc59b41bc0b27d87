// ScotAccount's tokens, opened and signed anew with the stand-in's own keys: what a signature that holds does
// not make right.

import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const encoded = (value) => Buffer.from(value).toString("base64url");

// Of a stack's data folder. `ring` is the stand-in's name for the keys: `login` for those of ID tokens,
// `attributes` for those of name and address. A fresh stand-in has one key in each.
export function tokensOf(data, ring) {
  const key = createPrivateKey(readFileSync(join(data, "scotaccount", "keys", `${ring}-0001.pem`)));
  // The same token with its claims altered, rightly signed (RFC 7518 §3.3). `change` alters them.
  return (token, change = () => {}) => {
    const [head, content] = token.split(".");
    const claims = JSON.parse(Buffer.from(content, "base64url"));
    change(claims);
    const signed = `${head}.${encoded(JSON.stringify(claims))}`;
    return `${signed}.${encoded(sign("sha256", Buffer.from(signed), key))}`;
  };
}

// The same token with another signature: its first sign, because in the last one there are bits that nobody reads.
export function forged(token) {
  const [head, content, signature] = token.split(".");
  return [head, content, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".");
}
