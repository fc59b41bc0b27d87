// The public body's side: the command line that sends a letter.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const SEND = process.env.LETTERBOX_SEND;

export const MAIRI = ["--to-given-name", "Màiri", "--to-family-name", "MacDonald", "--born", "1985-03-14", "--postcode", "EH1 1AA"];

// Sends a letter and returns what the command printed. Fails with the command's own words.
export async function send(recipient, { subject, text, more = [] }) {
  if (!SEND) throw new Error("LETTERBOX_SEND is not set: run the journeys by `make test`");
  const folder = await mkdtemp(join(tmpdir(), "letterbox-letter-"));
  try {
    const body = join(folder, "letter.md");
    await writeFile(body, text);
    const letter = [...recipient, "--subject", subject, "--body", body, ...more];
    const { stdout } = await promisify(execFile)("sh", ["-c", `${SEND} "$@"`, "letterbox", ...letter]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
