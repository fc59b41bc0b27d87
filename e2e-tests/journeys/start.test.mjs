// How the page starts: page and vault under the final Content-Security-Policy, and what is shown
// when one of them cannot.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { NARROW, ORIGIN, ZOOMED, launch, leavesForGood, openPage, press, pressEscapeThreeTimes, ready, shows } from "../support/browser.mjs";
import { axe, lookAt, picture } from "../support/looking.mjs";
import { tryForbidden } from "../support/policy.mjs";
import { eventually } from "../support/stack.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

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
  const refused = await page.evaluate(tryForbidden);
  assert.equal(Object.keys(refused).length, 6);
  for (const [name, outcome] of Object.entries(refused)) assert.notEqual(outcome, "allowed", name);
  // The recorder works: it heard of the blocked attempts.
  const blocked = wrong.filter((report) => report.startsWith("console: ") && report.includes("blocked"));
  assert.ok(blocked.length >= Object.keys(refused).length - 1, wrong.join("\n"));
  await context.close();
});

// A server that is none of the client's, and that lets everybody have what it gives: whether it is asked is up to
// the browser alone.
async function foreignServer() {
  const heard = [];
  const server = createServer(({ url }, answer) => {
    heard.push(url);
    const open = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
    const [type, content] = url === "/" ? ["text/html", "<!doctype html><title>Another</title>"] : ["text/javascript", "export {};"];
    answer.writeHead(200, { ...open, "content-type": type }).end(content);
  });
  await new Promise((resolve, reject) => { server.once("error", reject).listen(0, "127.0.0.1", resolve); });
  const stop = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, heard, stop };
}

test("the vault runs under the same policy as the page", async (t) => {
  const foreign = await foreignServer();
  t.after(foreign.stop);
  // It is there, and would be heard.
  assert.equal((await fetch(`${foreign.origin}/there`)).status, 200);
  const { context, page } = await openPage(browser);
  await ready(page);
  const [vault] = page.workers();
  const outcomes = await vault.evaluate(async (elsewhere) => {
    globalThis.blocked = [];
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => globalThis.blocked.push(`${effectiveDirective} ${blockedURI}`));
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
      elsewhere: await attempt(() => fetch(`${elsewhere}/fetched`)),
      policy: await attempt(() => globalThis.trustedTypes.createPolicy("another", {})),
      script: await attempt(() => import(`${elsewhere}/script.js`)),
    };
  }, foreign.origin);
  assert.deepEqual(outcomes, { eval: "refused", elsewhere: "refused", policy: "refused", script: "refused" });
  assert.deepEqual(foreign.heard, ["/there"]);
  // By this policy, and by nothing else that could stand in its way.
  await eventually("the blocked request is told", () => vault.evaluate((start) => globalThis.blocked.some((one) => one.startsWith(start)), `connect-src ${foreign.origin}`));
  await context.close();
});

// Runs in a page: asks the relay and the directory as the client does, and says with which status each answered.
async function asksBoth([relay, directory]) {
  const attempt = (address, options) => fetch(address, options).then(({ status }) => status, () => "refused");
  return {
    relay: await attempt(`${relay}/v1/mailboxes`, { method: "POST", headers: { "content-type": "application/cbor" }, body: "nothing" }),
    directory: await attempt(`${directory}/v1/registry`),
  };
}

test("a page of another origin learns nothing from relay or directory in a browser, and the client's page does", async (t) => {
  const services = [process.env.LETTERBOX_RELAY_ORIGIN, process.env.LETTERBOX_DIRECTORY_ORIGIN];
  const foreign = await foreignServer();
  t.after(foreign.stop);
  const { context, page } = await openPage(browser);
  await ready(page);
  const { relay, directory } = await page.evaluate(asksBoth, services);
  assert.ok(relay >= 400 && relay < 500, `${relay}: it is told what is wrong with it`);
  assert.equal(directory, 200);
  // The same machine, another origin.
  const another = await context.newPage();
  await another.goto(`${foreign.origin}/`);
  assert.deepEqual(await another.evaluate(asksBoth, services), { relay: "refused", directory: "refused" });
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
  for (const viewport of [NARROW, ZOOMED]) {
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
  for (let step = 0; step < 4; step += 1) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.getAttribute("data-action") ?? document.activeElement.getAttribute("href")));
  }
  assert.deepEqual(reached, ["#main-content", "language", "leave", "begin"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator('html[lang="gd"]').waitFor();
  await context.close();
});

test("skipping to the content moves the focus and adds nothing to the history", async () => {
  const { context, page } = await openPage(browser);
  await ready(page);
  const before = await page.evaluate(() => history.length);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main-content");
  assert.equal(await page.evaluate(() => history.length), before);
  assert.equal(page.url(), `${ORIGIN}/`);
  await context.close();
});

for (const [way, leave] of Object.entries({
  "the button": (page) => press(page, "leave"),
  "Escape three times": pressEscapeThreeTimes,
})) {
  test(`${way} leaves the page, and "back" does not return to it`, async () => {
    const { context, page } = await openPage(browser);
    await ready(page);
    assert.ok(await leavesForGood(context, page, () => leave(page)));
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
  await shows(page, "vault-failed");
  await lookAt(page, "vault-failed");
  await context.unroute(/vault_bg-.*\.wasm$/);
  await press(page, "retry");
  await shows(page, "start");
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
    await shows(page, screen);
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
  assert.match(await without.page.locator("#cannot-start").innerText(), /cannot start[^]*Chan urrainn[^]*awaiting review by a fluent speaker/);
  assert.deepEqual(await axe(without.page, "no-wasm"), []);
  await without.page.screenshot({ path: picture("cannot-start"), fullPage: true });
  await without.context.close();

  const scriptless = await openPage(browser, { javaScriptEnabled: false });
  assert.match(await scriptless.page.locator("noscript").innerText(), /needs JavaScript[^]*Feumaidh[^]*awaiting review by a fluent speaker/);
  await scriptless.page.screenshot({ path: picture("no-script"), fullPage: true });
  await scriptless.context.close();
});
