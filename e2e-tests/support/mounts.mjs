// File systems of a test's own: a small one in memory that fills up, and one on a loop device whose power
// can be cut. Both need root. They are unmounted however the test ends.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { eventually } from "./stack.mjs";

const CUTTER = "store/tests";
const DISK_BYTES = 1 << 30;

const run = (program, ...list) => execFileSync(program, list, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

// Why this machine cannot do it, or nothing. Where it has to, that is a failure of the test.
export function obstacle() {
  const isRequired = process.env.LETTERBOX_REQUIRE_POWER_CUT === "1";
  const why = process.getuid() !== 0 ? "mounting needs root" : existsSync("/dev/loop-control") ? null : "there are no loop devices here";
  if (why && isRequired) throw new Error(`the test is required and cannot be run: ${why}`);
  return why ?? false;
}

// Outlives this process by as long as it takes to unmount: its input ends when this process does, in
// whatever way.
function guard(folder) {
  const keeper = spawn("sh", ["-c", 'cat >/dev/null; umount -l "$1" 2>/dev/null', "guard", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  keeper.unref();
  keeper.stdin.unref();
  const ended = new Promise((resolve) => keeper.on("close", resolve));
  return async () => {
    keeper.ref();
    keeper.stdin.end();
    await ended;
  };
}

// A file system in memory, mounted on a folder that is made for it.
export function memory(folder, bytes) {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const release = guard(folder);
  run("mount", "-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", folder);
  return {
    resize: (size) => run("mount", "-o", `remount,size=${size}`, folder),
    unmount: release,
  };
}

// One letter for each thread of a process: what it is doing.
function states(id) {
  const stat = (thread) => {
    try {
      // The state follows the name, which stands in parentheses and may contain anything.
      return readFileSync(`/proc/${id}/task/${thread}/stat`, "utf8").split(")").at(-1).trim()[0];
    } catch {
      // It has ended since.
      return "T";
    }
  };
  return readdirSync(`/proc/${id}/task`).map(stat);
}

// Stands still with every thread outside of any system call: no sync is on its way.
async function stopped(id) {
  process.kill(id, "SIGSTOP");
  await eventually("all threads stand still", () => states(id).every((state) => state === "T"));
}

// An ext4 file system on a loop device, mounted on a folder that is made for it.
export function disk(folder) {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const image = `${folder}.image`;
  writeFileSync(image, "");
  truncateSync(image, DISK_BYTES);
  run("mkfs.ext4", "-q", "-F", image);
  const release = guard(folder);
  const mount = () => run("mount", "-t", "ext4", "-o", "loop", image, folder);
  mount();
  const cutPower = [
    "import pathlib, sys, power_cut",
    "disk = power_cut.Disk(pathlib.Path(sys.argv[1]))",
    "disk.mount_point = pathlib.Path(sys.argv[2])",
    "disk.cut()",
  ].join("\n");
  return {
    // Drops everything that a process had not synced, and ends the process. Fails unless what was surely
    // not synced is gone: else it proves nothing.
    async cut(id, end) {
      const canary = join(folder, "canary");
      await stopped(id);
      writeFileSync(canary, Buffer.alloc(1 << 20, "canary"));
      execFileSync("python3", ["-B", "-c", cutPower, dirname(folder), folder], { env: { ...process.env, PYTHONPATH: CUTTER } });
      await end();
      run("umount", folder);
      mount();
      if (existsSync(canary) && readFileSync(canary).includes("canary")) throw new Error("the power cut dropped nothing");
    },
    unmount: release,
  };
}
