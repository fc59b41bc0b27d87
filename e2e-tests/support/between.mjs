// Stands between the relay and everybody who asks it, in a stack that was started with `--between`: passes
// everything on, and stands still where a test wants it to.

import { Agent, createServer, request } from "node:http";
import { Transform, pipeline } from "node:stream";

// Lets so many bytes through; the rest waits until it may go on.
function gate(most, { comes, goesOn }) {
  let passed = 0;
  return new Transform({
    transform(chunk, encoding, done) {
      const before = chunk.subarray(0, Math.max(most - passed, 0));
      const rest = chunk.subarray(before.length);
      passed += chunk.length;
      if (before.length > 0) this.push(before);
      if (rest.length === 0) return done();
      comes();
      goesOn.then(() => done(null, rest));
    },
  });
}

export async function standBetween({ LETTERBOX_RELAY_ORIGIN: origin, LETTERBOX_RELAY_BEHIND: behind }) {
  const holds = [];
  // A connection of its own for each request: none that a relay which went down has left behind.
  const agent = new Agent({ keepAlive: false });
  const server = createServer((asked, answer) => {
    const place = holds.findIndex(({ matches }) => matches(asked));
    const [hold] = place < 0 ? [] : holds.splice(place, 1);
    const held = (most) => (hold && most !== undefined ? [gate(most, hold)] : []);
    const { method, headers } = asked;
    const on = request(new URL(asked.url, behind), { method, headers, agent });
    // Whoever asked finds the connection broken, as at the relay itself.
    on.on("error", () => answer.destroy());
    answer.on("close", () => on.destroy());
    if (hold) hold.breakOff = () => answer.destroy();
    on.on("response", (given) => {
      answer.writeHead(given.statusCode, given.headers);
      pipeline([given, ...held(hold?.answer), answer], () => {});
    });
    pipeline([asked, ...held(hold?.request), on], () => {});
  });
  // The relay itself says how long anything may take.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(new URL(origin).port), "127.0.0.1", resolve);
  });
  return {
    // Stands still in the first request that `matches`, after so many bytes of its content (`request`) or
    // of its answer (`answer`). `came` resolves when there are more; `goOn` lets them go, and `breakOff`
    // breaks the connection: that the relay is gone shows to nobody who does not go on reading.
    hold({ matches, request: ofRequest, answer: ofAnswer }) {
      const hold = { matches, request: ofRequest, answer: ofAnswer };
      const came = new Promise((resolve) => { hold.comes = resolve; });
      hold.goesOn = new Promise((resolve) => { hold.goOn = resolve; });
      holds.push(hold);
      return { came, goOn: hold.goOn, breakOff: () => hold.breakOff() };
    },
    async stop() {
      const stopped = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await stopped;
    },
  };
}
