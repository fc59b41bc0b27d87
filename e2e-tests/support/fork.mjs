// A directory that tells another story: a second real process with the same keys, under the same name,
// and a store of its own. Everything that it signs holds.

import { spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { withoutSettings } from "./operators.mjs";

const PROGRAM = "target/debug/letterbox-keyserver";

// Forks the directory of a stack where it is now. From then on the two have nothing in common.
export async function forkDirectory(stack) {
  const { LETTERBOX_DATA: data } = stack.env;
  const store = join(data, "directory", "fork");
  stack.pause("letterbox-keyserver");
  try {
    // As a crash would leave it.
    cpSync(join(data, "directory", "store"), store, { recursive: true });
  } finally {
    stack.goOn("letterbox-keyserver");
  }
  const settings = readFileSync(join(data, "directory.toml"), "utf8")
    .replace(/^listen = .*$/m, 'listen = "127.0.0.1:0"')
    .replace(/^store = .*$/m, `store = ${JSON.stringify(store)}`);
  const file = join(data, "fork.toml");
  writeFileSync(file, settings);
  const running = spawn(PROGRAM, ["--config", file], { env: { ...withoutSettings(), NO_COLOR: "1" }, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => running.once("close", resolve));
  let said = "";
  const origin = await new Promise((resolve, reject) => {
    createInterface({ input: running.stderr }).on("line", (line) => {
      said += `${line}\n`;
      const [, address] = line.match(/listening on (?:http:\/\/)?([\d.]+:\d+)/) ?? [];
      if (address) resolve(`http://${address}`);
    });
    ended.then(() => reject(new Error(`the fork did not start:\n${said}`)));
  });
  return {
    origin,
    async stop() {
      running.kill("SIGTERM");
      await ended;
    },
  };
}
