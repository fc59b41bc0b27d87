// Files: those that a public body sends, and what the relay has of them on its disk.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const digestOf = (content) => createHash("sha256").update(content).digest("base64url");

// The smallest PDF file that shows a line of text.
export function pdf(text) {
  const line = `BT /F1 18 Tf 72 720 Td (${text.replace(/[\\()]/g, "\\$&")}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${line.length} >>\nstream\n${line}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let written = "%PDF-1.4\n";
  const places = objects.map((object, before) => {
    const place = written.length;
    written += `${before + 1} 0 obj\n${object}\nendobj\n`;
    return `${`${place}`.padStart(10, "0")} 00000 n \n`;
  });
  const end = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${written.length}\n%%EOF\n`;
  return Buffer.from(`${written}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join("")}${end}`, "latin1");
}

// Writes a file of this length that takes no room on the disk.
export function writeSparse(path, length) {
  writeFileSync(path, "");
  truncateSync(path, length);
}

export const within = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ name, path: join(parentPath, name) }));

// The sealed files of attachments in the relay's folder, and whether somebody is still sending them.
export function blobs(data) {
  return within(join(data, "relay"))
    .filter(({ name }) => /^[0-9a-f]{32}$/.test(name))
    .map(({ name, path }) => ({ name, path, isPartial: path.includes("/partial/"), stat: statSync(path, { throwIfNoEntry: false }) }))
    .filter(({ stat }) => stat)
    .map(({ stat, ...blob }) => ({ ...blob, size: stat.size }));
}

// In which files of a folder one of the phrases stands. First proves on a planted one that it would be
// found.
export function whereReadable(folder, phrases) {
  const look = (wanted) =>
    within(folder)
      .filter(({ path }) => {
        const content = readFileSync(path);
        return wanted.some((phrase) => content.includes(phrase));
      })
      .map(({ path }) => path);
  const decoy = join(folder, "planted");
  for (const phrase of phrases) {
    writeFileSync(decoy, Buffer.concat([Buffer.alloc(1000, "x"), Buffer.from(phrase), Buffer.alloc(1000, "x")]));
    if (!look([phrase]).includes(decoy)) throw new Error("the scan does not find what was planted");
  }
  rmSync(decoy);
  return look(phrases);
}
