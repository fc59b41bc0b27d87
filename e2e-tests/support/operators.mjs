// The two operators who approve public bodies.

import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";

const PROGRAM = "target/debug/letterbox-keyserver";

// The settings of a directory's program come from files alone.
export const withoutSettings = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LETTERBOX_")));

// The public half of a key that nobody has: a body that never writes.
const someKey = () => generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x;

// Of a stack's data folder, at whichever directory they are told to.
export function operators(data) {
  const approve = ["operator-1", "operator-2"].flatMap((name) => ["--operator-key", join(data, "keys", name)]);
  const run = (command, directory, ...more) =>
    execFileSync(PROGRAM, ["body", ...command, "--directory", directory, ...approve, ...more], { env: withoutSettings(), encoding: "utf8" });
  return {
    add: (id, directory) => run(["add"], directory, "--id", id, "--name", `Body ${id}`, "--domain", `${id}.example`, `--key=${someKey()}`),
    suspend: (id, directory) => run(["suspend", id], directory),
  };
}
