// The first screen: page and vault start under the final Content-Security-Policy.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import AxeBuilder from "@axe-core/playwright";

import { DESKTOP, NARROW, ORIGIN, PHONE, launch, openPage, ready } from "../support/browser.mjs";

const PICTURES = new URL("../../target/pictures/", import.meta.url);
mkdirSync(PICTURES, { recursive: true });
const picture = (name) => new URL(`${name}.png`, PICTURES).pathname;

// Every value of data-screen that the client can show. A test at the end fails when one was not
// checked by axe and photographed in both languages at both sizes.
const SCREENS = ["start", "vault-failed"];
const seen = new Set();

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

// What axe finds, "incomplete" included, except those reviewed by hand.
async function axe(page) {
  const result = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return [...result.violations, ...result.incomplete].map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}

async function lookAt(page, screen) {
  for (const language of ["en", "gd"]) {
    if ((await page.locator("html").getAttribute("lang")) !== language) {
      await page.locator('[data-action="language"]').click();
      await page.locator(`html[lang="${language}"]`).waitFor();
    }
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      await page.setViewportSize(viewport);
      assert.deepEqual(await axe(page), [], `${screen} ${language} ${size}`);
      await page.screenshot({ path: picture(`${screen}-${language}-${size}`), fullPage: true });
      seen.add(`${screen}-${language}-${size}`);
    }
  }
}

test("the vault answers the page, and the policy has nothing to report", async () => {
  const { context, page, wrong } = await openPage(browser);
  await ready(page);
  assert.equal(page.workers().length, 1);
  await lookAt(page, "start");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the page cannot make another script or worker, nor HTML from text", async () => {
  const { context, page, wrong } = await openPage(browser);
  await ready(page);
  const refused = await page.evaluate(async () => {
    // What a debugger evaluates is exempt from the policy until it first waits.
    await new Promise((resolve) => setTimeout(resolve));
    const attempts = {
      innerHTML: () => { document.createElement("div").innerHTML = "<b>x</b>"; },
      eval: () => globalThis.eval("1"),
      Function: () => new Function("return 1")(),
      worker: () => new Worker("/vault-loader.js"),
      policy: () => globalThis.trustedTypes.createPolicy("another", { createHTML: (text) => text }),
      again: () => globalThis.trustedTypes.createPolicy("letterbox", { createHTML: (text) => text }),
    };
    return Object.fromEntries(
      Object.entries(attempts).map(([name, attempt]) => {
        try {
          attempt();
          return [name, "allowed"];
        } catch (error) {
          return [name, error.name];
        }
      }),
    );
  });
  for (const [name, outcome] of Object.entries(refused)) assert.notEqual(outcome, "allowed", name);
  // The recorder works: it heard of the blocked attempts.
  const blocked = wrong.filter((report) => report.startsWith("console: ") && report.includes("blocked"));
  assert.ok(blocked.length >= Object.keys(refused).length - 1, wrong.join("\n"));
  await context.close();
});

test("the vault runs under the same policy as the page", async () => {
  const { context, page } = await openPage(browser);
  await ready(page);
  const [vault] = page.workers();
  const outcomes = await vault.evaluate(async () => {
    const attempt = async (action) => {
      try {
        await action();
        return "allowed";
      } catch {
        return "refused";
      }
    };
    await new Promise((resolve) => setTimeout(resolve));
    return {
      eval: await attempt(() => globalThis.eval("1")),
      elsewhere: await attempt(() => fetch("http://127.0.0.1:9/", { mode: "no-cors" })),
      policy: await attempt(() => globalThis.trustedTypes.createPolicy("another", {})),
      script: await attempt(() => importScripts("/boot.js")),
    };
  });
  assert.deepEqual(outcomes, { eval: "refused", elsewhere: "refused", policy: "refused", script: "refused" });
  await context.close();
});

test("the page is in Gaelic for a browser that prefers it, and says that the Gaelic awaits review", async () => {
  const { context, page } = await openPage(browser, { locale: "gd" });
  await ready(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "gd");
  assert.match(await page.locator("#main-content").innerText(), /awaiting review by a fluent speaker/);
  await context.close();
});

test("nothing is cut off at 320 pixels or at four times the text size", async () => {
  for (const viewport of [NARROW, { width: 320, height: 256 }]) {
    const { context, page } = await openPage(browser, { viewport });
    await ready(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0);
    await context.close();
  }
});

test("every control is reached and used by the keyboard alone", async () => {
  const { context, page } = await openPage(browser);
  await ready(page);
  const reached = [];
  for (let step = 0; step < 3; step += 1) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.getAttribute("data-action") ?? document.activeElement.getAttribute("href")));
  }
  assert.deepEqual(reached, ["#main-content", "language", "leave"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator('html[lang="gd"]').waitFor();
  await context.close();
});

for (const [way, leave] of Object.entries({
  "the button": (page) => page.locator('[data-action="leave"]').click(),
  "Escape three times": async (page) => {
    for (let press = 0; press < 3; press += 1) await page.keyboard.press("Escape");
  },
})) {
  test(`${way} leaves the page, and "back" does not return to it`, async () => {
    const { context, page } = await openPage(browser);
    await ready(page);
    const elsewhere = "https://www.bbc.co.uk/weather";
    await context.route(elsewhere, (route) => route.fulfill({ contentType: "text/html", body: "<title>Weather</title>" }));
    await Promise.all([page.waitForURL(elsewhere), leave(page)]);
    assert.equal(await page.title(), "Weather");
    await page.goBack().catch(() => {});
    assert.notEqual(new URL(page.url()).origin, ORIGIN);
    await context.close();
  });
}

test("two presses of Escape do not leave, and another key starts the count again", async () => {
  const { context, page } = await openPage(browser);
  await ready(page);
  for (const key of ["Escape", "Escape", "a", "Escape", "Escape"]) await page.keyboard.press(key);
  const announced = page.getByText("Press Escape once more to leave this page.");
  await announced.waitFor({ state: "attached" });
  assert.equal(new URL(page.url()).origin, ORIGIN);
  await context.close();
});

test("a vault that cannot start leads to a screen that says so and helps", async () => {
  const { context, page } = await openPage(browser, { path: "/healthz" });
  await context.route(/vault_bg-.*\.wasm$/, (route) => route.fulfill({ contentType: "application/wasm", body: "not a program" }));
  await page.goto(ORIGIN);
  await page.locator('html[data-screen="vault-failed"]').waitFor();
  await lookAt(page, "vault-failed");
  await context.unroute(/vault_bg-.*\.wasm$/);
  await page.locator('[data-action="retry"]').click();
  await ready(page);
  await context.close();
});

test("a vault that is up, or has failed, before the page can listen is heard all the same", async () => {
  for (const [fails, screen] of [[false, "start"], [true, "vault-failed"]]) {
    const { context, page } = await openPage(browser, { path: "/healthz" });
    let vaultIsOver;
    const over = new Promise((resolve) => { vaultIsOver = resolve; });
    if (fails) {
      await context.route(/vault_bg-.*\.wasm$/, (route) => route.fulfill({ contentType: "application/wasm", body: "not a program" }));
    }
    // The page's program is held back until the vault listens, or its error was reported.
    await context.route(/app_bg-.*\.wasm$/, async (route) => {
      await over;
      await route.continue();
    });
    if (fails) page.on("pageerror", () => vaultIsOver());
    const loading = page.goto(ORIGIN);
    if (!fails) {
      const worker = await page.waitForEvent("worker");
      await worker.evaluate(async () => {
        while (!globalThis.onmessage) await new Promise((resolve) => setTimeout(resolve));
      });
      vaultIsOver();
    }
    await loading;
    await page.locator(`html[data-screen="${screen}"]`).waitFor();
    if (!fails) await ready(page);
    await context.close();
  }
});

test("a browser without WebAssembly, and one without script, each get a page that helps", async () => {
  const without = await openPage(browser, { path: "/healthz" });
  await without.context.addInitScript(() => {
    delete globalThis.WebAssembly;
  });
  await without.page.goto(ORIGIN);
  await without.page.locator("#cannot-start").waitFor();
  assert.match(await without.page.locator("#cannot-start").innerText(), /cannot start in this browser[^]*Chan urrainn/);
  assert.deepEqual(await axe(without.page), []);
  await without.page.screenshot({ path: picture("cannot-start"), fullPage: true });
  await without.context.close();

  const scriptless = await openPage(browser, { javaScriptEnabled: false });
  assert.match(await scriptless.page.locator("noscript").innerText(), /needs JavaScript[^]*Feumaidh/);
  await scriptless.page.screenshot({ path: picture("no-script"), fullPage: true });
  await scriptless.context.close();
});

test("in forced colours and with reduced motion the start screen stays clean", async () => {
  const { context, page, wrong } = await openPage(browser, { forcedColors: "active", reducedMotion: "reduce" });
  await ready(page);
  assert.deepEqual(await axe(page), []);
  await page.screenshot({ path: picture("start-forced-colours"), fullPage: true });
  assert.deepEqual(wrong, []);
  await context.close();
});

test("every screen was looked at in both languages and both sizes", () => {
  const expected = SCREENS.flatMap((screen) => ["en", "gd"].flatMap((language) => ["phone", "desktop"].map((size) => `${screen}-${language}-${size}`)));
  assert.deepEqual([...seen].sort(), expected.sort());
});
