// Stands between a service and everybody who asks it, in a stack that was started with `--between` or
// `--between-directory`: passes everything on, stands still where a test wants it to, and lies where a
// test wants it to.

import { createServer } from "node:http";
import { Transform, pipeline } from "node:stream";

import { ask, begin, framed, whole } from "./exchange.mjs";

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

// Before the relay, or before the service that is named.
export async function standBetween(env, service = "RELAY") {
  const [origin, behind] = [env[`LETTERBOX_${service}_ORIGIN`], env[`LETTERBOX_${service}_BEHIND`]];
  const holds = [];
  const lies = [];

  function pass(asked, answer) {
    const place = holds.findIndex(({ matches }) => matches(asked));
    const [hold] = place < 0 ? [] : holds.splice(place, 1);
    const held = (most) => (hold && most !== undefined ? [gate(most, hold)] : []);
    const on = begin(asked, behind);
    // Whoever asked finds the connection broken, as at the service itself.
    on.on("error", () => answer.destroy());
    answer.on("close", () => on.destroy());
    if (hold) hold.breakOff = () => answer.destroy();
    on.on("response", (given) => {
      answer.writeHead(given.statusCode, given.headers);
      pipeline([given, ...held(hold?.answer), answer], () => {});
    });
    pipeline([asked, ...held(hold?.request), on], () => {});
  }

  async function tell({ request, answer, instead, to, exchanges }, asked, response) {
    const { method, url, headers } = asked;
    const original = { method, url, headers, content: await whole(asked) };
    const told = request ? { ...original, ...request(original) } : original;
    const given = instead ? null : await ask(told, to ?? behind);
    const lie = instead ? instead(told) : answer ? { ...given, ...answer(given, told) } : given;
    exchanges.push({ asked: original, given, told: lie });
    response.writeHead(lie.status, framed(lie));
    response.end(lie.content);
  }

  const server = createServer((asked, answer) => {
    const lie = lies.find(({ matches }) => matches(asked));
    if (!lie) return pass(asked, answer);
    tell(lie, asked, answer).catch((error) => {
      // A mistake of the test, which has to fail for it at once: nobody tries this again.
      lie.mistakes.push(error);
      if (!answer.headersSent) answer.writeHead(400);
      answer.end();
    });
  });
  // The service itself says how long anything may take.
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
    // From now on, in every exchange that `matches`: what `request` gives of a request, or `answer` of an
    // answer, takes its place; `to` is asked in the service's place; `instead` answers and asks nobody.
    // Without any of these it only takes note. `exchanges` has what was asked, what the service gave and
    // what was told. Not for an answer that does not end. What was begun last comes first.
    //
    // `end` passes everything on again. It fails where the lie was never told, or could not be.
    alter(how) {
      const lie = { ...how, exchanges: [], mistakes: [] };
      lies.unshift(lie);
      return {
        exchanges: lie.exchanges,
        end() {
          lies.splice(lies.indexOf(lie), 1);
          if (lie.mistakes.length > 0) throw lie.mistakes[0];
          if (lie.exchanges.length === 0) throw new Error("nobody asked for what was to be altered");
        },
      };
    },
    async stop() {
      const stopped = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await stopped;
    },
  };
}
