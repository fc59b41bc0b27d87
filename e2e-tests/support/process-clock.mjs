// A clock that is wrong, for one process: Debian's libfaketime. The clock can be changed while the process
// runs.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const found = readdirSync("/usr/lib")
  .map((name) => join("/usr/lib", name, "faketime/libfaketime.so.1"))
  .find((path) => existsSync(path));

// A day and an hour: whatever holds for a day has ended, or has not begun.
export const AHEAD = "+25h";
export const BEHIND = "-25h";
export const RIGHT = "+0";

// The environment of a process whose clock the file sets, and what sets it.
export function clock(file) {
  if (!found) throw new Error("libfaketime is not there: install Debian's package faketime, as scripts/setup does");
  const set = (offset) => writeFileSync(file, `${offset}\n`);
  set(RIGHT);
  return {
    set,
    env: {
      LD_PRELOAD: found,
      FAKETIME_TIMESTAMP_FILE: file,
      // It is read anew each time.
      FAKETIME_NO_CACHE: "1",
      // Only what time it is: timers and files stay as they are.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
  };
}
