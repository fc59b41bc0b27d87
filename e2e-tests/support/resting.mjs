// Stores that no service has open, as an operator looks at them.

import assert from "node:assert/strict";
import { join } from "node:path";

import { command } from "./commands.mjs";
import { DIRECTORY, RELAY } from "./services.mjs";

const SERVICES = {
  [RELAY]: { config: "relay.toml", counts: /^mailboxes: [1-9]/m },
  [DIRECTORY]: { config: "directory.toml", counts: /^entries of citizens: [1-9]/m },
};

// What `fsck` says of the store of a service that was ended, in whatever way: it is whole. What a crash left
// behind what was acknowledged is no damage.
export async function isWhole(services, name, when) {
  const { config } = SERVICES[name];
  const { code, printed, said } = await command(name, "fsck", "--config", join(services.data, config));
  assert.equal(code, 0, `${name}, ${when}: ${said}${printed}`);
  assert.match(printed, /^The store is whole\.$/m, `${name}, ${when}`);
  return printed;
}

// Ends a service in order. Its store is whole then, and there is something in it.
export async function endsWhole(services, name, when) {
  assert.equal(await services.end(name), 0, `${name}, ${when}`);
  assert.match(await isWhole(services, name, when), SERVICES[name].counts, `${name}, ${when}`);
}
