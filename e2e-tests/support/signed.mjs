// Signed requests (RFC 9421, LBX-REQUEST-1 to LBX-REQUEST-4), written down once more, so that what is
// refused is checked by something else than what made it.

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";

import { write } from "./wire.mjs";

const COVERED = '("@method" "@authority" "@path" "@query" "content-digest")';
// RFC 8410: what stands before the 32 bytes of an Ed25519 key.
const PRIVATE = Buffer.from("302e020100300506032b657004220420", "hex");
const LENGTH = 32;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

// A key by its 32 secret bytes.
export function keyOf(seed) {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: "der", type: "pkcs8" });
  const open = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-LENGTH);
  const id = sha256("letterbox/v1/id-of-request-key", write([open])).subarray(0, 16).toString("hex");
  return { key, id };
}

export const now = () => Math.floor(Date.now() / 1000);

// A request that is right in every way, except where the test says otherwise.
export function signed({ method, url, content = Buffer.alloc(0), type = "application/cbor" }, { key, id }, { authority, created = now(), nonce = randomBytes(16).toString("base64url"), tag = "letterbox-v1" }) {
  const [path, query = ""] = url.split("?");
  const digest = `sha-256=:${sha256(content).toString("base64")}:`;
  const parameters = `${COVERED};created=${created};nonce="${nonce}";keyid="${id}";tag="${tag}"`;
  const base = [
    `"@method": ${method}`,
    `"@authority": ${authority}`,
    `"@path": ${path}`,
    `"@query": ?${query}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ].join("\n");
  const signature = sign(null, Buffer.from(base), key).toString("base64");
  const headers = { "content-digest": digest, "signature-input": `sig1=${parameters}`, signature: `sig1=:${signature}:` };
  if (content.length > 0) headers["content-type"] = type;
  return { method, url, headers, content };
}
