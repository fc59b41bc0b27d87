// The vault's clock in a test's hand: what the vault waits for is over when the test says so. It is the real
// vault, and only the timers of its worker are held.

// Shorter ones are no waits for a network.
const LEAST = 400;

// How long the vault lets a stream be silent, and a relay take to begin an answer.
const SILENCE = 80_000;
const OPENING = 30_000;

// Between two looks of the vault at how long nobody did anything.
const WATCH = 5_000;

// Runs in the worker.
function hold(least) {
  const { setTimeout: start, clearTimeout: end } = globalThis;
  const held = new Map();
  let last = 0;
  let changed = () => {};
  globalThis.setTimeout = (call, milliseconds, ...rest) => {
    if (!(milliseconds >= least)) return start(call, milliseconds, ...rest);
    last -= 1;
    held.set(last, { call, milliseconds });
    changed();
    return last;
  };
  globalThis.clearTimeout = (id) => {
    if (!held.delete(id)) end(id);
  };
  // The newest that is `only` so long, or none of `but`. Waits until there is one.
  const newest = async ({ only, but }) => {
    for (;;) {
      const isIt = ([, { milliseconds }]) => (only ? only === milliseconds : !but.includes(milliseconds));
      const found = [...held].findLast(isIt);
      if (found) return found;
      await new Promise((resolve) => { changed = resolve; });
    }
  };
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;
  globalThis.heldTimers = {
    wait: async (which) => (await newest(which))[1].milliseconds,
    fire: async (which) => {
      const [id, { call, milliseconds }] = await newest(which);
      held.delete(id);
      call();
      return milliseconds;
    },
    sleep: (milliseconds) => { ahead += milliseconds; },
  };
}

// Holds the timers of the vault that a page has now. Call while it is locked: it waits for nothing then.
export async function holdTimers(page) {
  const vault = page.workers().at(-1);
  await vault.evaluate(hold, LEAST);
  const asks = (what, value) => vault.evaluate(([name, given]) => globalThis.heldTimers[name](given), [what, value]);
  const retry = { but: [SILENCE, OPENING, WATCH] };
  return {
    // Waits until the vault waits before its next try; says for how many milliseconds it would.
    wait: () => asks("wait", retry),
    // The same, and lets that time be over.
    fireWait: () => asks("fire", retry),
    // Lets the time be over for which a stream may be silent.
    fireSilence: () => asks("fire", { only: SILENCE }),
    // The device sleeps: its clock goes on, its timers do not.
    sleep: (milliseconds) => asks("sleep", milliseconds),
  };
}
