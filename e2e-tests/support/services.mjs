// The services one by one, on a folder and ports of a test's own: each can be ended, left down and started
// again, with another environment. Nothing is started again by itself.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { inTime } from "./in-time.mjs";
import { freeRow, hold } from "./ports.mjs";
import { answers, startLauncher } from "./stack.mjs";

export const RELAY = "letterbox-server";
export const DIRECTORY = "letterbox-keyserver";
export const SCOTACCOUNT = "scotaccount-sim";
export const CLIENT = "letterbox-client-host";
const PROGRAMS = "target/debug";

// What is ours is told to a program by its arguments alone.
const others = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LETTERBOX_")));

// Makes keys, settings and a public body in the folder, as `make run` does, and ends everything again.
// What is mounted there before has the stores.
async function prepare(data, first) {
  const { launcher, ended, said, soon } = startLauncher(["run", "--port", `${first}`, "--data", data], "ignore");
  const started = new Promise((resolve) => {
    createInterface({ input: launcher.stdout }).on("line", (line) => { if (line.includes("Press Ctrl-C to stop")) resolve(true); });
  });
  const isStarted = await soon(Promise.race([started, ended.then(() => false)]));
  if (isStarted) launcher.kill("SIGINT");
  if ((await soon(ended)) !== 0 || !isStarted) throw new Error(`the stack did not start and end:\n${said()}`);
}

// `environment` is what programs have beside the usual, by their names. With `between` the relay listens at
// another address than everybody asks it at, and nobody reaches it before something stands in between; with
// `betweenDirectory` the directory does.
export async function startServices(data, { environment = {}, between = false, betweenDirectory = false } = {}) {
  const first = await freeRow();
  await prepare(data, first);
  const held = await Promise.all([hold(0), hold(0)]);
  const [one, other] = held.map((server) => server.address().port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  const behind = between ? one : first + 1;
  const directoryBehind = betweenDirectory ? other : first + 2;
  const [client, relay, directory, scotaccount, attributes] = [0, 1, 2, 3, 4].map((place) => first + place);
  const origin = (port) => `http://localhost:${port}`;
  const file = (name) => join(data, name);
  const options = {
    [SCOTACCOUNT]: [`--listen=127.0.0.1:${scotaccount}`, `--attributes-listen=127.0.0.1:${attributes}`, `--store=${file("scotaccount")}`, `--clients=${file("clients.json")}`],
    [RELAY]: [`--config=${file("relay.toml")}`],
    [DIRECTORY]: [`--config=${file("directory.toml")}`],
    [CLIENT]: [`--listen=127.0.0.1:${client}`, "--dist=target/web", `--trust=${file("trust.json")}`, `--connect=${origin(relay)}`, `--connect=${origin(directory)}`],
  };
  const listen = {
    [RELAY]: { LETTERBOX_RELAY_LISTEN: `127.0.0.1:${behind}` },
    [DIRECTORY]: { LETTERBOX_DIRECTORY_LISTEN: `127.0.0.1:${directoryBehind}` },
  };
  const origins = { [RELAY]: origin(behind), [DIRECTORY]: origin(directoryBehind), [CLIENT]: origin(client) };
  const env = {
    LETTERBOX_CLIENT_ORIGIN: origin(client),
    LETTERBOX_RELAY_ORIGIN: origin(relay),
    LETTERBOX_RELAY_BEHIND: origin(behind),
    LETTERBOX_DIRECTORY_ORIGIN: origin(directory),
    LETTERBOX_DIRECTORY_BEHIND: origin(directoryBehind),
    LETTERBOX_SCOTACCOUNT_ORIGIN: origin(scotaccount),
    LETTERBOX_DATA: data,
    LETTERBOX_SEND: `${PROGRAMS}/letterbox send --keys ${file("body.keys")}`,
  };
  const running = {};
  const hears = {};
  // Every byte that a program has written to its output and its log, as it came.
  const written = {};

  // Resolves when the program says in its log, from now on, what `words` match.
  const says = (name, words) => new Promise((resolve, reject) => {
    const { lines, ended } = running[name];
    const look = (line) => {
      if (!words.test(line)) return;
      lines.off("line", look);
      resolve(line);
    };
    lines.on("line", look);
    ended.then(() => reject(new Error(`${name} ended and did not say ${words}:\n${hears[name]}`)));
  });

  const services = {
    env: { ...others(), ...env },
    data,
    // Starts a program and waits until it listens.
    async start(name) {
      if (running[name]) throw new Error(`${name} is running`);
      // However the test ends, the program ends with it.
      const child = spawn("setpriv", ["--pdeathsig", "KILL", `${PROGRAMS}/${name}`, ...options[name]], {
        env: { ...others(), NO_COLOR: "1", ...environment[name], ...listen[name] },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const lines = createInterface({ input: child.stderr });
      hears[name] = "";
      written[name] ??= [];
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => written[name].push(piece));
      lines.on("line", (line) => { hears[name] += `${line}\n`; });
      const ended = new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => {
          delete running[name];
          resolve(signal ?? code);
        });
      });
      running[name] = { child, lines, ended };
      await inTime(says(name, /listening on /), () => `${name} does not listen:\n${hears[name]}`);
    },
    // Ends a program as an operator does (SIGTERM), or as a crash does (SIGKILL), and waits until it is gone.
    async end(name, signal = "SIGTERM") {
      const { child, ended } = running[name];
      child.kill(signal);
      return ended;
    },
    // Ends it as a crash does and starts it again.
    async crash(name) {
      await services.end(name, "SIGKILL");
      await services.start(name);
    },
    says,
    // Resolves when a program has ended, with its exit code or signal.
    ended: (name) => running[name]?.ended ?? Promise.resolve(null),
    id: (name) => running[name].child.pid,
    isRunning: (name) => Boolean(running[name]),
    log: (name) => hears[name],
    // The same as bytes, since the first start, with what it wrote to its output.
    written: (name) => Buffer.concat(written[name]),
    // What a service says of itself: its status, and the words.
    async asks(name, path) {
      const answer = await fetch(new URL(path, origins[name]));
      return [answer.status, await answer.text()];
    },
    async isHealthy(name) {
      const [, metrics] = await services.asks(name, "/metrics");
      return (await answers(new URL("/healthz", origins[name]))) && (await answers(new URL("/readyz", origins[name])))
        && /^letterbox_store_alarms 0$/m.test(metrics);
    },
    // A public body of its own, approved by both operators. Returns the command that sends its letters.
    addBody(id) {
      const keys = file(`${id}.keys`);
      const run = (program, ...list) => execFileSync(`${PROGRAMS}/${program}`, list, { encoding: "utf8", env: others() }).trim();
      const [, deployment] = readFileSync(file("body.keys"), "utf8").match(/^deployment_key = "(.*)"$/m);
      run("letterbox", "keys", "new", keys, "--body", id, "--trust", file("trust.json"), `--deployment-key=${deployment}`);
      const key = run("letterbox", "keys", "public", keys);
      run(DIRECTORY, "body", "add", "--directory", origins[DIRECTORY], "--id", id, "--name", `Body ${id}`, "--domain", `${id}.example`,
        `--key=${key}`, "--operator-key", file("keys/operator-1"), "--operator-key", file("keys/operator-2"));
      return `${PROGRAMS}/letterbox send --keys ${keys}`;
    },
    // Everything ends, the last first. The folder is the test's.
    async stop() {
      for (const name of [CLIENT, DIRECTORY, RELAY, SCOTACCOUNT]) if (running[name]) await services.end(name);
    },
  };
  for (const name of [SCOTACCOUNT, RELAY, DIRECTORY, CLIENT]) await services.start(name);
  return services;
}
