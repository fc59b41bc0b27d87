// What operators and public bodies type: the programs' own commands.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { withoutSettings } from "./operators.mjs";

// Runs a command. Returns its exit code, what it printed, and what it said instead.
export function command(program, ...words) {
  return new Promise((resolve) => {
    execFile(join("target/debug", program), words, { env: { ...withoutSettings(), NO_COLOR: "1" }, encoding: "utf8" }, (error, printed, said) => {
      resolve({ code: error ? error.code : 0, printed: printed.trim(), said });
    });
  });
}

// The same, of one that has to succeed. Returns what it printed.
export async function succeeds(program, ...words) {
  const { code, printed, said } = await command(program, ...words);
  if (code !== 0) throw new Error(`${program} ${words.slice(0, 2).join(" ")} ended with ${code}: ${said}${printed}`);
  return printed;
}

// A keys file of a public body in a stack's data folder. Returns its path, its public half, and the command
// that sends its letters.
export async function keysOf(data, body, name) {
  const file = join(data, `${name}.keys`);
  const [, deployment] = readFileSync(join(data, "body.keys"), "utf8").match(/^deployment_key = "(.*)"$/m);
  const key = await succeeds("letterbox", "keys", "new", file, "--body", body, "--trust", join(data, "trust.json"), `--deployment-key=${deployment}`);
  return { file, key, send: `target/debug/letterbox send --keys ${file}` };
}

// The trust file once more, with these addresses of relay and directory, and the receipt key of this name.
export async function trustAt(services, { relay, directory, receiptKey = "relay-receipt" }) {
  const file = (name) => join(services.data, name);
  const receipt = await succeeds("letterbox-server", "keys", "public", file(`keys/${receiptKey}`));
  await succeeds("letterbox-keyserver", "trust", "make", "--config", file("directory.toml"), "--previous", file("trust.json"),
    "--directory-url", directory, "--relay-url", relay, `--relay-receipt-key=${receipt}`,
    "--authorize-url", `${services.env.LETTERBOX_SCOTACCOUNT_ORIGIN}/authorize`,
    "--deployment-key", file("keys/deployment"), "--out", file("trust.json"));
}
