// What a running program has in its memory, seen from outside (proc(5)).

import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PIECE = 4 * 1024 * 1024;

// What can be read of a process: where from, where to, and what it is called.
function regions(id) {
  return readFileSync(`/proc/${id}/maps`, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.match(/^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/))
    .filter(([, , , may, name]) => may.startsWith("r") && !["[vvar]", "[vvar_vclock]", "[vsyscall]"].includes(name))
    .map(([, start, end, , name]) => ({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), name: name || "[anonymous]" }));
}

// In which regions the wanted bytes are, by their names.
export function inMemory(id, wanted) {
  const longest = Math.max(...Object.values(wanted).map((bytes) => bytes.length));
  const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, new Set()]));
  const memory = openSync(`/proc/${id}/mem`, "r");
  try {
    for (const { start, end, name: region } of regions(id)) {
      // Pieces overlap, so that nothing lies across a border unseen.
      for (let from = start; from < end; from += PIECE) {
        const piece = Buffer.alloc(Math.min(PIECE + longest, end - from));
        const length = readSync(memory, piece, 0, piece.length, from);
        if (length !== piece.length) throw new Error(`${region} cannot be read as a whole`);
        for (const [name, bytes] of Object.entries(wanted)) if (piece.includes(bytes)) found[name].add(region);
      }
    }
  } finally {
    closeSync(memory);
  }
  return Object.fromEntries(Object.entries(found).map(([name, names]) => [name, [...names].sort()]));
}
