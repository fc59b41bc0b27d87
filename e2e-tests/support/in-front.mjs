// Stands where `between.mjs` stands, in its place: breaks connections off, or gives another answer than the
// relay's. One thing at a time, for as long as it stands.

import { Agent, createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";

const standing = new Set();

// Ends what a test that failed has left standing.
export async function clearTheFront() {
  for (const front of standing) await front.stop();
}

// What only devices ask.
export const isOfDevice = ({ url }) => url.startsWith("/v1/mailbox/");

// `breaks` says of a request whether its connection is broken off; `alters` gives another answer for one, or
// nothing. `broken` counts what was broken off, `asked` says what was passed on (preflights aside).
export async function standInFront(
  { LETTERBOX_RELAY_ORIGIN: origin, LETTERBOX_RELAY_BEHIND: behind },
  { breaks = () => false, alters = () => undefined },
) {
  let broken = 0;
  const passed = [];
  const agent = new Agent({ keepAlive: false });
  const server = createServer(async (asked, answer) => {
    if (breaks(asked)) {
      broken += 1;
      answer.destroy();
      return;
    }
    if (asked.method !== "OPTIONS") passed.push(`${asked.method} ${asked.url}`);
    const { method, headers } = asked;
    const on = request(new URL(asked.url, behind), { method, headers, agent });
    on.on("error", () => answer.destroy());
    answer.on("close", () => on.destroy());
    on.on("response", async (given) => {
      if (!isAltered(asked, given)) {
        answer.writeHead(given.statusCode, given.headers);
        given.on("error", () => answer.destroy()).pipe(answer);
        return;
      }
      const whole = await buffer(given);
      const content = alters(asked, whole) ?? whole;
      answer.writeHead(given.statusCode, { ...given.headers, "content-length": content.length });
      answer.end(content);
    });
    asked.pipe(on);
  });
  server.requestTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(new URL(origin).port), "127.0.0.1", resolve);
  });
  const front = {
    broken: () => broken,
    asked: () => passed,
    async stop() {
      standing.delete(front);
      const stopped = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await stopped;
    },
  };
  standing.add(front);
  return front;
}

// Streams go on for ever: only lists are read whole.
const isAltered = ({ method, url }, { statusCode }) => method === "GET" && url.startsWith("/v1/mailbox/letters") && statusCode === 200;

// Where the CBOR item that begins at `start` ends (RFC 8949): numbers, strings, arrays, `null`.
function end(bytes, start) {
  const [major, information] = [bytes[start] >> 5, bytes[start] & 0x1f];
  const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[information] ?? 0;
  let argument = information;
  if (width > 0) argument = Number(BigInt(`0x${bytes.subarray(start + 1, start + 1 + width).toString("hex")}`));
  let at = start + 1 + width;
  if (major === 2 || major === 3) return at + argument;
  if (major === 4) for (let item = 0; item < argument; item += 1) at = end(bytes, at);
  return at;
}

// A list without its first letter, as it would be if that had never come; nothing for a list that is too
// short. Everything else in it is what the relay signed.
export function withoutFirst(list) {
  const count = list[1] - 0x80;
  if (list[0] !== 0x83 || count < 2 || count > 23) return undefined;
  return Buffer.concat([Buffer.from([list[0], list[1] - 1]), list.subarray(end(list, 2))]);
}
