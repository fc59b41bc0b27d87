// A stack in a folder that outlives it, as `make run` starts it: between two runs the folder is a
// test's to do with as it likes.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

import { LAUNCHER, PROCESSES, processes } from "./stack.mjs";

const PORTS = 5;

// Whether nobody listens on a port.
const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

// The first of some ports in a row that are free.
export async function freeRow() {
  for (;;) {
    const first = 20000 + Math.floor(Math.random() * 10000);
    const row = await Promise.all(Array.from({ length: PORTS }, (_, place) => isFree(first + place)));
    if (row.every(Boolean)) return first;
  }
}

// Starts everything in the folder `data`. `stop` ends it as Ctrl-C does, and waits until every process is
// gone.
export async function startOn(data, first) {
  const launcher = spawn(LAUNCHER, ["run", "--port", `${first}`, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  let [printed, said] = ["", ""];
  launcher.stderr.on("data", (text) => { said += text; });
  const ended = new Promise((resolve, reject) => {
    launcher.on("error", reject);
    launcher.on("close", resolve);
  });
  await new Promise((resolve, reject) => {
    launcher.stdout.on("data", (text) => {
      printed += text;
      if (printed.includes("Press Ctrl-C to stop")) resolve();
    });
    ended.then(() => reject(new Error(`the stack did not start:\n${said}`)), reject);
  });
  const ids = PROCESSES.map((name) => processes(data)[name]);
  return {
    env: { ...process.env, LETTERBOX_CLIENT_ORIGIN: `http://localhost:${first}` },
    send: `target/debug/letterbox send --keys ${join(data, "body.keys")}`,
    async stop() {
      launcher.kill("SIGINT");
      const code = await ended;
      const left = ids.filter((id) => {
        try {
          return process.kill(id, 0);
        } catch {
          return false;
        }
      });
      if (code !== 0 || left.length > 0) throw new Error(`the stack ended with ${code}, and ${left.length} processes are left:\n${said}`);
    },
  };
}
