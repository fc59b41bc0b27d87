// A real browser against the running stack: Debian's Chromium, driven by playwright-core.

import { chromium } from "playwright-core";

export const ORIGIN = process.env.LETTERBOX_CLIENT_ORIGIN;
if (!ORIGIN) throw new Error("LETTERBOX_CLIENT_ORIGIN is not set: run the journeys by `make test`");

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };
export const NARROW = { width: 320, height: 640 };
// What is left of a small screen at four times the size.
export const ZOOMED = { width: 320, height: 256 };

// Where leaving leads.
const ELSEWHERE = "https://www.bbc.co.uk/weather";

// Chromium as root needs --no-sandbox; the others keep it from calling home.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// The only origins besides its own that the page, its vault or a sign-in may ask: those of the
// deployment's trust file, and the stand-in for ScotAccount.
async function knownOrigins() {
  const known = new Set([ORIGIN]);
  if (process.env.LETTERBOX_SCOTACCOUNT_ORIGIN) known.add(process.env.LETTERBOX_SCOTACCOUNT_ORIGIN);
  const response = await fetch(new URL("/trust.json", ORIGIN));
  if (response.ok) {
    const { directory, relay, provider } = JSON.parse((await response.json()).trust);
    for (const url of [directory.url, relay.url, provider.authorize_url]) known.add(new URL(url).origin);
  }
  return known;
}

export const known = await knownOrigins();

export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}

// Records what must not happen on a page: what the Content-Security-Policy blocked (the browser says
// so on the console) and errors.
export function watch(page, wrong) {
  page.on("console", (message) => {
    const { url } = message.location();
    const isOurs = !URL.canParse(url) || new URL(url).origin !== process.env.LETTERBOX_SCOTACCOUNT_ORIGIN;
    if (isOurs && ["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
}

// A page that records everything that must not happen, requests to unknown origins included.
// `prepare` is called before the page is loaded.
export async function openPage(browser, { path = "/", prepare, ...options } = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: PHONE, ...options });
  await prepare?.(context);
  const page = await context.newPage();
  const wrong = [];
  watch(page, wrong);
  context.on("request", (request) => {
    if (!known.has(new URL(request.url()).origin)) wrong.push(`request: ${request.url()}`);
  });
  await page.goto(new URL(path, ORIGIN).href);
  return { context, page, wrong };
}

// Waits until a screen is shown.
export async function shows(page, screen) {
  await page.locator(`html[data-screen="${screen}"]`).waitFor();
}

// Waits until the vault has said in what state the mailbox is.
export async function ready(page) {
  await page.locator('html[data-screen]:not([data-screen="starting"])').waitFor();
}

// Presses a button of ours.
export async function press(page, action) {
  await page.locator(`[data-action="${action}"]`).click();
}

// Types a passphrase and sends it by the Enter key.
export async function typePassphrase(page, passphrase) {
  await page.locator("#passphrase").fill(passphrase);
  await page.locator("#passphrase").press("Enter");
}

// Does `leave`, and makes sure that the page is gone and "back" does not return to it.
export async function leavesForGood(context, page, leave) {
  await context.route(ELSEWHERE, (route) => route.fulfill({ contentType: "text/html", body: "<title>Weather</title>" }));
  await Promise.all([page.waitForURL(ELSEWHERE), leave()]);
  await page.goBack().catch(() => {});
  return new URL(page.url()).origin !== ORIGIN;
}

export async function pressEscapeThreeTimes(page) {
  for (let time = 0; time < 3; time += 1) await page.keyboard.press("Escape");
}
