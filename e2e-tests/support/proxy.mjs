// A proxy as an operator puts one before a service: does TLS, says where a request comes from, and passes
// everything on as it comes, from an address of its own (127.0.0.2).

import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:https";
import { pipeline } from "node:stream";

export const OWN = "127.0.0.2";

// `before` says where the service listens. It may be known later than the proxy's own address.
export async function startProxy({ certificate, key }, before) {
  // A connection of its own for each request: none that the service has given up as idle.
  const agent = new Agent({ keepAlive: false });
  const pass = (asked, answer) => {
    const named = [asked.headers["x-forwarded-for"], asked.socket.remoteAddress].filter(Boolean).join(", ");
    const headers = { ...asked.headers, "x-forwarded-for": named };
    const on = request(new URL(asked.url, before()), { method: asked.method, headers, agent, localAddress: OWN, family: 4 });
    on.on("error", () => answer.destroy());
    answer.on("close", () => on.destroy());
    on.on("response", (given) => {
      answer.writeHead(given.statusCode, given.headers);
      answer.flushHeaders();
      pipeline(given, answer, () => {});
    });
    pipeline(asked, on, () => {});
  };
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, pass);
  // The service itself says how long anything may take.
  server.requestTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const authority = `localhost:${server.address().port}`;
  return {
    authority,
    origin: `https://${authority}`,
    async stop() {
      const stopped = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await stopped;
    },
  };
}
