// The clocks of the vault in a test's hand: time passes when the test says so. The vault's program is the
// real one; what it asks of its browser is answered by the test.

import { loadsAnewAfter } from "./anew.mjs";
import { inTime } from "./in-time.mjs";

// As `client/vault/src/watch.rs` waits between two looks at its clocks.
const BETWEEN_LOOKS = 5_000;

export const MINUTE = 60_000;

// Runs in the vault's worker, before the mailbox is opened.
function takeOver(betweenLooks) {
  const ahead = { wall: 0, steady: 0 };
  const [wall, steady, wait, say] = [Date.now, performance.now, setTimeout, postMessage];
  Date.now = () => wall.call(Date) + ahead.wall;
  performance.now = () => steady.call(performance) + ahead.steady;
  const looks = [];
  // The vault clears a timer by its number: that of a look must be no other timer's.
  globalThis.setTimeout = (act, milliseconds, ...more) =>
    milliseconds === betweenLooks ? -looks.push(act) : wait.call(globalThis, act, milliseconds, ...more);
  const said = [];
  globalThis.postMessage = (message, ...more) => {
    const [[kind, content]] = typeof message === "string" ? [[message]] : Object.entries(message);
    const name = kind === "Answer" ? content.answer : content;
    said.push(`${kind} ${typeof name === "string" ? name : Object.keys(name ?? {})[0]}`);
    say.call(globalThis, message, ...more);
  };
  globalThis.taken = {
    pass(by) {
      ahead.wall += by.wall;
      ahead.steady += by.steady;
    },
    // What the vault says of a look at its clocks.
    async look() {
      const before = said.length;
      for (const act of looks.splice(0)) act();
      await new Promise((resolve) => wait.call(globalThis, resolve));
      return said.slice(before);
    },
  };
}

// Vaults whose clocks were taken. One that its page has left is still known for a while, and never answers.
const known = new WeakSet();

// A vault that is gone may leave a question without an answer for ever.
const answered = (what, question) => inTime(question, () => `the vault does not answer: ${what}`);

// To be called where the mailbox is locked, once for each vault.
export async function takeClock(page) {
  const isNew = (worker) => !known.has(worker);
  const vault = page.workers().findLast(isNew) ?? (await page.waitForEvent("worker", isNew));
  known.add(vault);
  await answered("its clocks are taken over", vault.evaluate(takeOver, BETWEEN_LOOKS));
  // Time passes, for the page as well, and the vault does not notice yet: its timers are late, or the
  // device sleeps. `by` is for both clocks, or says how far each of them goes.
  const sleeps = async (by) => {
    const { wall, steady } = typeof by === "number" ? { wall: by, steady: by } : by;
    await page.evaluate((more) => {
      const before = Date.now;
      Date.now = () => before.call(Date) + more;
    }, wall);
    await answered("time passes", vault.evaluate((passed) => globalThis.taken.pass(passed), { wall, steady }));
  };
  return {
    sleeps,
    // Time passes, and the vault looks. Returns what it says of it.
    async passes(by) {
      await sleeps(by);
      return answered("it looks at its clocks", vault.evaluate(() => globalThis.taken.look()));
    },
    // The same to the end: the page begins anew.
    async endsAfter(by) {
      await sleeps(by);
      await loadsAnewAfter(page, () => vault.evaluate(() => globalThis.taken.look()));
    },
  };
}
