// A person's device without a browser: the real device's logic as a program.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const PROGRAM = "target/debug/letterbox-device";

// Starts a device. `code` resolves with its recovery code, `listening` when it hears the relay, `holding`
// when it stands still at the step `hold` (`goOn` lets it go on, `kill` ends it there as a power cut
// does), `report` with what it has in the end; all fail with the device's own words. `isRunning` says
// whether it has not ended yet.
export function device(who, { state, expect = [], save, anew = false, recover, hold, within = 30, env = process.env } = {}) {
  const options = [
    ...(state ? ["--state", state] : []),
    ...expect.flatMap((subject) => ["--expect", subject]),
    ...(save ? ["--save", save] : []),
    ...(anew ? ["--anew"] : []),
    ...(recover ? ["--recover", recover] : []),
    ...(hold ? ["--hold", hold] : []),
    ...["--within", `${within}`],
  ];
  const running = spawn(PROGRAM, [who, ...options], { env, stdio: [hold ? "pipe" : "ignore", "pipe", "pipe"] });
  let said = "";
  running.stderr.on("data", (text) => { said += text; });
  const told = [];
  const ended = new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`the device of ${who} ended with ${code}: ${said}`))));
  });
  const lines = createInterface({ input: running.stdout });
  lines.on("line", (line) => told.push(JSON.parse(line)));
  const says = (word) => {
    const heard = new Promise((resolve, reject) => {
      lines.on("line", (line) => { const value = JSON.parse(line)[word]; if (value) resolve(value); });
      ended.then(() => reject(new Error(`the device of ${who} ended and was never ${word}`)), reject);
    });
    // Who does not wait for it does not care.
    heard.catch(() => {});
    return heard;
  };
  const report = ended.then(() => told.find((line) => line.letters));
  report.catch(() => {});
  return {
    code: says("code"),
    listening: says("listening"),
    holding: says("holding"),
    report,
    isRunning: () => running.exitCode === null && running.signalCode === null,
    goOn: () => running.stdin.end(),
    async kill() {
      running.kill("SIGKILL");
      await ended.then(() => { throw new Error(`the device of ${who} had ended before`); }, () => {});
    },
  };
}

// What `letterbox send --json` prints of a letter.
export const keptOf = ({ letter_id, time, envelope_digest, chain_head, receipt }) => ({ letter_id, time, envelope_digest, chain_head, receipt });
