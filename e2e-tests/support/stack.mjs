// A stack of a test's own, on ports of its own: what is done to it disturbs nobody else.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { inTime } from "./in-time.mjs";

export const LAUNCHER = "target/debug/letterbox-stack";

// Runs for as long as its input is open, and says where everything is.
const STAYS = "console.log(JSON.stringify(process.env)); process.stdin.resume();";

// Where each process shows that it is there.
const SIGNS = {
  "scotaccount-sim": ["LETTERBOX_SCOTACCOUNT_ORIGIN", "/.well-known/openid-configuration"],
  "letterbox-server": ["LETTERBOX_RELAY_ORIGIN", "/healthz"],
  "letterbox-keyserver": ["LETTERBOX_DIRECTORY_ORIGIN", "/healthz"],
  "letterbox-client-host": ["LETTERBOX_CLIENT_ORIGIN", "/healthz"],
};

export const PROCESSES = Object.keys(SIGNS);

// Looks again and again until there is something to see, and returns it.
export async function eventually(what, look, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// Which process has which id; nothing while that is being written down.
export function processes(data) {
  try {
    return JSON.parse(readFileSync(join(data, "processes.json"), "utf8"));
  } catch {
    return null;
  }
}

export async function answers(address) {
  try {
    return (await fetch(address)).ok;
  } catch {
    return false;
  }
}

// Starts the launcher. What does not become of it in time ends it, and says what was heard.
export function startLauncher(options, input) {
  const launcher = spawn(LAUNCHER, options, { stdio: [input, "pipe", "pipe"] });
  let said = "";
  launcher.stderr.on("data", (text) => { said += text; });
  const ended = new Promise((resolve, reject) => {
    launcher.on("error", reject);
    launcher.on("close", resolve);
  });
  return {
    launcher,
    ended,
    said: () => said,
    soon: (event) => inTime(event, () => {
      launcher.kill("SIGKILL");
      return `the stack neither started nor ended:\n${said}`;
    }),
  };
}

export async function startStack(...options) {
  const { launcher, ended, said, soon } = startLauncher([...options, "with", "--", process.execPath, "-e", STAYS], "pipe");
  const env = await soon(new Promise((resolve, reject) => {
    createInterface({ input: launcher.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    ended.then(() => reject(new Error(`the stack did not start:\n${said()}`)), reject);
  }));
  const ids = () => processes(env.LETTERBOX_DATA);
  return {
    env,
    // Ends processes as a power cut does, all at once, and waits until each was started again.
    async kill(...names) {
      const before = ids();
      for (const name of names) process.kill(before[name], "SIGKILL");
      for (const name of names) {
        await eventually(`${name} is started again`, () => {
          const now = ids()?.[name];
          return now && now !== before[name];
        });
        const [origin, path] = SIGNS[name];
        await eventually(`${name} answers again`, () => answers(new URL(path, env[origin])));
      }
    },
    // Lets a process stand still where it is, and go on.
    pause: (name) => process.kill(ids()[name], "SIGSTOP"),
    goOn: (name) => process.kill(ids()[name], "SIGCONT"),
    // Returns the launcher's exit code.
    async stop() {
      launcher.stdin.end();
      return ended;
    },
  };
}
