// Unlocking and reading with 1,000 letters, in Chromium with its profile on the disk:
// node bench/inbox.mjs FIGURES. Adds to the list in the file FIGURES.
//
// The services are its own and without limits on requests, so that the letters are there within minutes.
// They are sent by the command of public bodies, and filed by the vault, before anything is measured.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { drive } from "../e2e-tests/support/driving.mjs";
import { profileIn } from "../e2e-tests/support/profile.mjs";
import { records } from "../e2e-tests/support/records.mjs";
import { MAIRI, send } from "../e2e-tests/support/sender.mjs";
import { DIRECTORY, RELAY, startServices } from "../e2e-tests/support/services.mjs";
import { median, report } from "./figures.mjs";
import { noteSteps, untilListed, untilRead } from "./in-page.mjs";

const LETTERS = 1000;
const SENDERS = 4;
const UNLOCKS = 7;
const OPENINGS = 15;
// The first ones compile the programs and fill the browser's caches.
const WARM_UPS = 2;

const PASSPHRASE = "harbour violin seventeen moss";
const PARAGRAPHS = readFileSync(new URL("../docs/example-letter.md", import.meta.url), "utf8");
const TEXT = PARAGRAPHS.repeat(10).slice(0, 4096);

const OFTEN = "1000000";
const unlimited = (prefix) => ({ [`${prefix}_LIMITS__REQUESTS_PER_SECOND`]: OFTEN, [`${prefix}_LIMITS__BURST`]: OFTEN });
const UNLIMITED = { [RELAY]: unlimited("LETTERBOX_RELAY"), [DIRECTORY]: unlimited("LETTERBOX_DIRECTORY") };

// The vault locks itself when nobody does anything for five minutes.
const FILED_WITHIN = 280_000;

// Each sender remembers what it has seen in a folder of its own, so that they do not wait for each other.
async function sendAll(command, folder) {
  let sent = 0;
  const one = async (_, place) => {
    const more = ["--state", join(folder, `sender-${place}`)];
    while (sent < LETTERS) {
      sent += 1;
      await send(MAIRI, { subject: `Letter ${sent}`, text: TEXT, more }, command);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, one));
}

// How long deriving the key takes, and everything else from the Enter key to the picture of the list, in
// milliseconds.
async function unlocks({ shows, typePassphrase }, page) {
  await shows(page, "locked");
  const [at] = await Promise.all([page.evaluate(untilListed, LETTERS), typePassphrase(page, PASSPHRASE)]);
  const deriving = at.Loading - at.Unlocking;
  const others = at.shown - at.submit - deriving;
  if (!(deriving > 0 && others > 0)) throw new Error("the vault did not say when it derives the key");
  return { deriving, others };
}

// For how long the page's main thread has worked, in milliseconds.
async function worked(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
}

// How long the main thread works when a letter of the list is pressed, and how long it takes until its
// picture is there, in milliseconds.
async function opens({ press, shows }, page, session, place) {
  const button = page.locator('[data-action="read"]').nth(place);
  await page.evaluate(untilRead);
  // Away from the edges, where other things may lie over it.
  await button.evaluate((element) => element.scrollIntoView({ block: "center", behavior: "instant" }));
  const { x, y, width, height } = await button.boundingBox();
  const before = await worked(session);
  // As a mouse does, without the looks that a locator takes before it presses.
  await page.mouse.click(x + width / 2, y + height / 2);
  const took = await page.evaluate(() => globalThis.read);
  const working = (await worked(session)) - before;
  await press(page, "close-letter");
  await shows(page, "inbox");
  return { working, took };
}

async function measure(services, folder, figures) {
  const driving = await drive(services);
  const { openPage, press, setsUp, shows, typePassphrase } = driving;
  const prepare = (context) => context.addInitScript(noteSteps);
  const { context, page, wrong } = await openPage(profileIn(join(folder, "profile")), { prepare });
  try {
    // Once it listens, all letters are listed and filed, and nothing is under way.
    const listens = () => page.locator('[data-connection="live"]').waitFor({ state: "attached", timeout: FILED_WITHIN });
    const locks = async () => {
      await listens();
      await press(page, "lock");
      await shows(page, "locked");
    };
    await setsUp(page, PASSPHRASE);
    await locks();
    await sendAll(services.env.LETTERBOX_SEND, folder);
    await typePassphrase(page, PASSPHRASE);
    await locks();
    const stored = Object.keys(await records(page));
    const count = (kind) => stored.filter((name) => name.startsWith(`sealed/${kind}/`)).length;
    if (count("letter") !== LETTERS || count("filing") !== 0) {
      throw new Error(`${count("letter")} letters are stored, and ${count("filing")} are not filed`);
    }

    const unlocked = [];
    for (let time = 0; time < WARM_UPS + UNLOCKS; time += 1) {
      if (time > 0) await locks();
      unlocked.push(await unlocks(driving, page));
    }
    await listens();
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable");
    const opened = [];
    for (let place = 0; place < WARM_UPS + OPENINGS; place += 1) opened.push(await opens(driving, page, session, place));
    if (wrong.length > 0) throw new Error(`what must not happen on the page: ${wrong.join(", ")}`);

    const of = (list, name) => list.slice(WARM_UPS).map((one) => one[name]);
    report(figures, {
      name: `unlock to the list of ${LETTERS} letters`,
      values: of(unlocked, "others"),
      unit: "ms",
      what: "deriving the key, not counted",
      reference: median(of(unlocked, "deriving")),
      aim: "under 1000 ms",
    });
    report(figures, {
      name: "open a letter, the page's main thread",
      values: of(opened, "working"),
      unit: "ms",
      what: "from the press to the picture",
      reference: median(of(opened, "took")),
      aim: "under 50 ms",
    });
  } finally {
    await context.close();
  }
}

const figures = process.argv[2];
if (!figures) throw new Error("usage: node bench/inbox.mjs FIGURES");
const folder = mkdtempSync(join(tmpdir(), "letterbox-bench-"));
try {
  const services = await startServices(join(folder, "data"), { environment: UNLIMITED });
  try {
    await measure(services, folder, figures);
  } finally {
    await services.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
