// Free ports in a row, as `letterbox-stack run` takes them.

import { createServer } from "node:net";

// Client, relay, directory, ScotAccount, its attributes.
export const PORTS = 5;

// Listens on a port; nothing if somebody else does.
export function hold(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

// The first of five ports in a row that are free.
export async function freeRow() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 10000);
    const held = [];
    for (let place = 0; place < PORTS; place += 1) held.push(await hold(port + place));
    await Promise.all(held.filter(Boolean).map((server) => new Promise((resolve) => server.close(resolve))));
    if (held.every(Boolean)) return port;
  }
}
