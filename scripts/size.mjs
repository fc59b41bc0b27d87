// How much a browser loads, and that nothing in it says where it was built: node scripts/size.mjs DIST
//
// Two budgets, in bytes as brotli sends them, for people on slow lines: what the page loads first, and
// the vault that it loads beside. Starts at index.html and follows every name of a built file in the files
// that are reached, so that nothing new is left out. A file that nobody reaches fails the check as well: it
// would be in neither budget.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PAGE_KIB = 350;
const VAULT_KIB = 450;

const dist = process.argv[2];
if (!dist) throw new Error("usage: node scripts/size.mjs DIST");
const names = readdirSync(dist).filter((name) => !/\.(br|gz)$/.test(name));
const loader = names.filter((name) => /^vault-loader-[0-9a-f]{16}\.js$/.test(name));
if (!names.includes("index.html") || loader.length !== 1) throw new Error(`${dist} is not a built client: run make client`);

// Everything that is reached from `start` without passing through what is reached already.
function reach(start, reached) {
  const found = new Set();
  const waiting = [start];
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (found.has(name) || reached.has(name)) continue;
    found.add(name);
    if (!/\.(html|css|js|svg)$/.test(name)) continue;
    const text = readFileSync(join(dist, name), "utf8");
    waiting.push(...names.filter((other) => other !== name && text.includes(other)));
  }
  return found;
}

const vault = reach(loader[0], new Set());
const page = reach("index.html", vault);
const forgotten = names.filter((name) => !vault.has(name) && !page.has(name));

let failed = false;
function judge(what, files, most) {
  const sizes = [...files].map((name) => [statSync(join(dist, `${name}.br`)).size, name]).sort(([a], [b]) => b - a);
  const total = sizes.reduce((sum, [size]) => sum + size, 0);
  console.log(`size: ${what} ${(total / 1024).toFixed(1)} KiB of ${most}`);
  if (total <= most * 1024) return;
  failed = true;
  for (const [size, name] of sizes) console.log(`size:   ${String(size).padStart(8)}  ${name}`);
  console.log(`size: ${what} is too large: look for what grew, or say in docs/decisions/ why it has to be`);
}
judge("first load of the page", page, PAGE_KIB);
judge("vault", vault, VAULT_KIB);
if (forgotten.length > 0) {
  failed = true;
  console.log(`size: loaded by nothing that the page loads: ${forgotten.join(", ")}`);
}

// The folders of the machine that builds: of its user, of this checkout, of the compiler and of what it reads.
// In a release they would tell who built it, and no other machine would make the same bytes.
const rust = (...print) => execFileSync("rustc", ["--print", ...print], { encoding: "utf8" }).trim();
const cargo = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
// Those of one name alone (`/src`) stand within the paths of others as well.
const own = [homedir(), process.cwd(), cargo, process.env.CARGO_TARGET_DIR, rust("sysroot")].filter((folder) => folder?.split("/").length > 2);
const folders = [...new Set([...own, "/home/", "/root/", "/Users/"])];
const tells = (bytes) => folders.filter((folder) => bytes.includes(folder));
for (const folder of folders) if (tells(Buffer.from(`\0library${join(folder, "main.rs")}\0`)).length === 0) throw new Error(`${folder} would not be found`);
for (const name of [...vault, ...page].filter((name) => /\.(wasm|js)$/.test(name))) {
  const found = tells(readFileSync(join(dist, name)));
  if (found.length === 0) continue;
  failed = true;
  console.log(`size: ${name} has a path of this machine in it (below ${found.join(", ")}): have scripts/tools take it out (wasm_flags)`);
}
process.exit(failed ? 1 : 0);
