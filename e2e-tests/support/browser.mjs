// A real browser against the running stack: Debian's Chromium, driven by playwright-core.

import { chromium } from "playwright-core";

export const ORIGIN = process.env.LETTERBOX_CLIENT_ORIGIN;
if (!ORIGIN) throw new Error("LETTERBOX_CLIENT_ORIGIN is not set: run the journeys by `make test`");

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };
export const NARROW = { width: 320, height: 640 };

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

export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}

// A page that records everything that must not happen: what the Content-Security-Policy blocked
// (the browser says so on the console), errors, and requests to any other origin.
export async function openPage(browser, { path = "/", ...options } = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: PHONE, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== ORIGIN) wrong.push(`request: ${request.url()}`);
  });
  await page.goto(new URL(path, ORIGIN).href);
  return { context, page, wrong };
}

export async function ready(page) {
  await page.locator('[data-vault-ready="true"]').waitFor();
}
