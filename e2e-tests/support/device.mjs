// A person's device without a browser: the real device's logic as a program.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const PROGRAM = "target/debug/letterbox-device";

// Starts a device. `listening` resolves when it hears the relay, `report` with what it has in the
// end; both fail with the device's own words. `isRunning` says whether it has not ended yet.
export function device(who, { state, expect = [], anew = false, within = 30, env = process.env } = {}) {
  const options = [
    ...(state ? ["--state", state] : []),
    ...expect.flatMap((subject) => ["--expect", subject]),
    ...(anew ? ["--anew"] : []),
    ...["--within", `${within}`],
  ];
  const running = spawn(PROGRAM, [who, ...options], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  running.stderr.on("data", (text) => { said += text; });
  const told = [];
  const ended = new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`the device of ${who} ended with ${code}: ${said}`))));
  });
  const listening = new Promise((resolve, reject) => {
    createInterface({ input: running.stdout }).on("line", (line) => {
      told.push(JSON.parse(line));
      if (told.at(-1).listening) resolve();
    });
    ended.then(() => reject(new Error(`the device of ${who} did not need to listen`)), reject);
  });
  // Who does not wait for it does not care.
  listening.catch(() => {});
  const report = ended.then(() => told.find((line) => line.letters));
  report.catch(() => {});
  return { listening, report, isRunning: () => running.exitCode === null && running.signalCode === null };
}

// What `letterbox send --json` prints of a letter.
export const keptOf = ({ letter_id, time, envelope_digest, chain_head, receipt }) => ({ letter_id, time, envelope_digest, chain_head, receipt });
