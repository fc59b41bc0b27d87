// The public body's side: the command line that sends a letter.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const SEND = process.env.LETTERBOX_SEND;

export const person = (given, family, born, postcode) => [
  ...["--to-given-name", given, "--to-family-name", family, "--born", born],
  ...(postcode ? ["--postcode", postcode] : []),
];

export const MAIRI = person("Màiri", "MacDonald", "1985-03-14", "EH1 1AA");

// Runs the command and returns its exit code, what it printed, and what it said instead. `started` is
// called with the id of its process, which has the environment `env`.
export async function attempt(recipient, { subject = "Your council tax", text = "Hello.\n", attach = [], more = [], started, env = process.env } = {}, command = SEND) {
  if (!command) throw new Error("LETTERBOX_SEND is not set: run the journeys by `make test`");
  const folder = await mkdtemp(join(tmpdir(), "letterbox-letter-"));
  try {
    const body = join(folder, "letter.md");
    await writeFile(body, text);
    const files = attach.flatMap((file) => ["--attach", file]);
    const letter = [...recipient, "--subject", subject, "--body", body, ...files, ...more];
    const running = promisify(execFile)("sh", ["-c", `exec ${command} "$@"`, "letterbox", ...letter], { env });
    started?.(running.child.pid);
    const { code = 0, stdout, stderr } = await running.catch((error) => error);
    return { code, printed: stdout, said: stderr };
  } finally {
    await rm(folder, { recursive: true });
  }
}

// Sends a letter and returns what the command printed. Fails with the command's own words.
export async function send(recipient, letter, command = SEND) {
  const { code, printed, said } = await attempt(recipient, letter, command);
  if (code !== 0) throw new Error(`letterbox send ended with ${code}: ${said}${printed}`);
  return printed;
}

// Sends a letter and returns what is kept of it: id, time, digest, chain head, receipt.
export async function sendForReceipt(recipient, { more = [], ...letter }, command = SEND) {
  const { outcome, exit, ...kept } = JSON.parse(await send(recipient, { ...letter, more: [...more, "--json"] }, command));
  if (outcome !== "sent" || exit !== 0) throw new Error(`letterbox send says ${outcome} and ${exit}`);
  return kept;
}
