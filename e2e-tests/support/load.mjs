// Public bodies that send all the time, and what they have in hand of it.

import { randomBytes } from "node:crypto";

import { keptOf } from "./device.mjs";
import { attempt } from "./sender.mjs";

// A row of numbers that a seed determines, from 0 to below 1 (mulberry32).
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// What happens, counted: each kind of event, and waiting for more of them.
export function counter() {
  const counts = {};
  const waiting = new Set();
  return {
    count(kind) {
      counts[kind] = (counts[kind] ?? 0) + 1;
      for (const look of waiting) look();
    },
    // Resolves after so many more events of a kind.
    more(kind, number) {
      const until = (counts[kind] ?? 0) + number;
      return new Promise((resolve) => {
        const look = () => {
          if ((counts[kind] ?? 0) < until) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}

// One sender for each command. Each writes to `recipient` until it is told to stop: a letter has its id
// from the beginning, and is sent again under it until there is a receipt. `tries` is how often the command
// itself tries. With every second letter goes the file at the path `file`. `letters` is what there are
// receipts for, `withFile` the subjects of those that have the file. `failed` rejects when a sender is told
// anything but to try again later.
export function sendAll(commands, recipient, { state, tries, events, file }) {
  const letters = [];
  const withFile = [];
  let isOver = false;
  const one = async (command, place) => {
    for (let number = 1; !isOver; number += 1) {
      const id = randomBytes(16).toString("hex");
      const subject = `Letter ${number} of sender ${place}`;
      // The first as well: some senders have no time for a second.
      const attach = number % 2 === 1 ? [file] : [];
      const more = ["--json", "--id", id, "--tries", `${tries(place)}`, "--state", `${state}-${place}`];
      for (let times = 1; ; times += 1) {
        const { code, printed, said } = await attempt(recipient, { subject, attach, more, started: () => events.count("begun") }, command);
        if (code === 0) {
          letters.push({ ...keptOf(JSON.parse(printed)), subject, times });
          if (attach.length > 0) withFile.push(subject);
          events.count("receipt");
          break;
        }
        if (code !== 22 || !/[Tt]ry again later/.test(printed)) throw new Error(`sender ${place} ended with ${code}: ${said}${printed}`);
        events.count("refused");
      }
    }
  };
  const sending = Promise.all(commands.map(one));
  sending.catch(() => {});
  return {
    letters,
    withFile,
    failed: sending.then(() => new Promise(() => {})),
    async stop() {
      isOver = true;
      await sending;
    },
  };
}
