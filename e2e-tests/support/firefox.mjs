// Debian's Firefox, driven over WebDriver BiDi. Only what is asked of the page itself is used: what puppeteer makes
// from text, the page's Content-Security-Policy refuses there.

import { once } from "node:events";
import puppeteer from "puppeteer-core";

import { ORIGIN, PHONE, known } from "./browser.mjs";
import { eventually } from "./stack.mjs";

const PROGRAM = "/usr/bin/firefox-esr";

// What is not on this machine cannot be reached: a proxy that nobody serves stands before it.
const DEAD = { host: "127.0.0.1", port: 9 };
const preferences = (downloads) => ({
  "network.proxy.type": 1,
  "network.proxy.http": DEAD.host,
  "network.proxy.http_port": DEAD.port,
  "network.proxy.ssl": DEAD.host,
  "network.proxy.ssl_port": DEAD.port,
  "network.proxy.allow_hijacking_localhost": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.trr.mode": 5,
  "browser.download.folderList": 2,
  "browser.download.dir": downloads,
  "browser.download.useDownloadDir": true,
  "browser.download.always_ask_before_handling_new_types": false,
  "intl.accept_languages": "en-GB",
});

// Says on the console what the policy blocked: Firefox itself says it where no driver hears it.
const tellViolations = () =>
  addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));

// `profile` is a folder that keeps what Firefox keeps, `downloads` another one.
export async function firefox({ profile, downloads, more = {} }) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: PROGRAM,
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: { ...preferences(downloads), ...more },
  });
  return {
    open: () => openPage(browser),
    stop: () => browser.close(),
    // As when its process is killed: nothing more is written.
    async kill() {
      const running = browser.process();
      const gone = once(running, "exit");
      running.kill("SIGKILL");
      await gone;
    },
  };
}

async function openPage(browser) {
  const page = await browser.newPage();
  await page.setViewport(PHONE);
  const wrong = [];
  const isOurs = (address) => !URL.canParse(address) || new URL(address).origin !== process.env.LETTERBOX_SCOTACCOUNT_ORIGIN;
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type()) && isOurs(message.location().url)) wrong.push(`console: ${message.text()}`);
  });
  // The stand-in has no icon, and its own policy forbids what Firefox looks for.
  const isItsIcon = ({ message }) => message.includes(`${process.env.LETTERBOX_SCOTACCOUNT_ORIGIN}/favicon.ico`);
  page.on("pageerror", (error) => {
    if (!isItsIcon(error)) wrong.push(`error: ${error.message}`);
  });
  page.on("request", (request) => {
    // Firefox counts what stands in the style sheet itself as asked for.
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && !known.has(origin)) wrong.push(`request: ${request.url()}`);
  });
  await page.evaluateOnNewDocument(tellViolations);
  await page.goto(ORIGIN);

  // What `see` says of the page; nothing while one page is on its way to the next.
  const looks = (see, ...more) => page.evaluate(see, ...more).catch(() => undefined);
  const waits = (what, see, ...more) => eventually(what, () => looks(see, ...more));

  // Where one thing can be pressed, once it can be: it is not busy, and nothing moves it any more.
  const place = (selector) =>
    waits(`${selector} is there`, async (wanted) => {
      const found = [...document.querySelectorAll(wanted)].find((element) => element.checkVisibility());
      if (!found || found.getAttribute("aria-disabled") === "true") return null;
      found.scrollIntoView({ block: "center", behavior: "instant" });
      const before = found.getBoundingClientRect();
      await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
      const { x, y, width, height } = found.getBoundingClientRect();
      const isStill = found.isConnected && x === before.x && y === before.y;
      return isStill && { x: x + width / 2, y: y + height / 2 };
    }, selector);
  async function click(selector) {
    const { x, y } = await place(selector);
    await page.mouse.click(x, y);
  }
  const focuses = (selector) => waits(`${selector} has the focus`, (wanted) => document.activeElement?.matches(wanted), selector);

  return {
    page,
    looks,
    waits,
    click,
    press: (action) => click(`[data-action="${action}"]`),
    shows: (screen) => waits(`the screen ${screen}`, (mark) => document.documentElement.dataset.screen === mark, screen),
    isTold: (problem) => waits(`the problem ${problem}`, (name) => document.querySelector(`[data-problem="${name}"]`) !== null, problem),
    // In place of what stands there. The Enter key sends it.
    async types(selector, text, { sends = false } = {}) {
      await click(selector);
      await focuses(selector);
      await page.evaluate(() => document.activeElement.select());
      await page.keyboard.type(text);
      if (sends) await page.keyboard.press("Enter");
    },
    textOf: (selector) => looks((wanted) => [...document.querySelectorAll(wanted)].find((element) => element.checkVisibility())?.innerText ?? "", selector),
    isClean: () => {
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
    },
    wrong,
  };
}
