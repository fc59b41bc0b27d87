// Verifying, sealing and opening in Chromium, against the same work on the same bytes natively: within
// `letterbox-stack with -- node bench/wasm.mjs FIGURES SAMPLE`. Adds to the list in the file FIGURES.
//
// The two take turns, so that what else the machine does hits both. Expects what scripts/bench has built.
// Of the stack nothing is used: the browser of the journeys wants to know where it is.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { promisify } from "node:util";

import { launch } from "../e2e-tests/support/browser.mjs";
import { median, report } from "./figures.mjs";

const NATIVE = "target/release/letterbox-bench";
const BUILT = "target/bench-web";
const FILES = {
  "/": ["text/html", "<!doctype html><title>Measuring</title>"],
  "/worker.mjs": ["text/javascript", readFileSync(new URL("wasm/worker.mjs", import.meta.url))],
  "/bench.js": ["text/javascript", readFileSync(`${BUILT}/bench.js`)],
  "/bench_bg.wasm": ["application/wasm", readFileSync(`${BUILT}/bench_bg.wasm`)],
};

const WORKS = ["verify", "seal", "open"];
const TURNS = 7;
const ROUNDS = 20;
const AT_ONCE = 5;

// Enough for the browser to have compiled it anew for speed.
const WARM_UP = 20;

// With the headers of the client's own server that give it a fine clock.
function serve() {
  const server = createServer(({ url }, answer) => {
    const [type, content] = FILES[url] ?? [];
    const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    answer.writeHead(type ? 200 : 404, { ...isolated, "content-type": type ?? "text/plain" }).end(content);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

// Runs in the page: starts the worker, or asks something of it.
function ask(request) {
  return new Promise((resolve, reject) => {
    globalThis.worker ??= new Worker("/worker.mjs", { type: "module" });
    globalThis.worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve(data.times));
    globalThis.worker.onerror = ({ message }) => reject(new Error(message || "the worker broke off"));
    if (request) globalThis.worker.postMessage(request);
  });
}

// How long each piece of work takes natively, in microseconds.
async function natively(sample) {
  const { stdout } = await promisify(execFile)(NATIVE, ["--again", "--sample", sample]);
  return JSON.parse(stdout);
}

const [figures, file] = process.argv.slice(2);
if (!file) throw new Error("usage: node bench/wasm.mjs FIGURES SAMPLE");
const sample = readFileSync(file, "utf8");
const server = await serve();
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(ask);
  await page.evaluate(ask, { sample });
  const inBrowser = (work, rounds) => page.evaluate(ask, { work, rounds, atOnce: AT_ONCE });
  for (const work of WORKS) await inBrowser(work, WARM_UP);

  const taken = Object.fromEntries(WORKS.map((work) => [work, { native: [], browser: [] }]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const native = await natively(file);
    for (const work of WORKS) {
      taken[work].native.push(native[work]);
      taken[work].browser.push(median(await inBrowser(work, ROUNDS)));
    }
  }

  const figure = (name, work, unit, scale, aim) => report(figures, {
    name,
    values: taken[work].browser.map((time) => time * scale),
    unit,
    what: "natively",
    reference: median(taken[work].native) * scale,
    aim,
  });
  figure("sign and seal 4 KiB in Chromium", "seal", "µs", 1, "under 10 x");
  figure("open and verify it in Chromium", "open", "µs", 1, "under 10 x");
  figure(`verify an answer in Chromium, ${JSON.parse(sample).people} people`, "verify", "ms", 1 / 1000, "under 30 ms");
} finally {
  await browser.close();
  server.close();
}
