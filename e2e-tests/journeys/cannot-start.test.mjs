// Where the page cannot do its work: a part of it does not come or is broken, the browser runs no script, or
// stores nothing for it. Each has a page that helps, in both languages, and nothing is lost by it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ORIGIN, launch, openPage, press, shows, typePassphrase } from "../support/browser.mjs";
import { walks } from "../support/keyboard.mjs";
import { axe, fits, keepsInForcedColours, lookAt } from "../support/looking.mjs";
import { profileIn } from "../support/profile.mjs";
import { isTold } from "../support/recovery.mjs";

const PASSPHRASE = "harbour violin seventeen moss";

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

const hashed = (name) => new RegExp(`/${name.replace(".", "-[0-9a-f]{16}\\.")}$`);

const BROKEN = { "application/wasm": "not a program", "text/javascript": "}" };
const typeOf = (name) => (name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
const WAYS = {
  "does not come": (route) => route.abort(),
  "is not there": (route) => route.fulfill({ status: 404, body: "" }),
  "is broken": (route) => route.fulfill({ contentType: typeOf(new URL(route.request().url()).pathname), body: BROKEN[typeOf(new URL(route.request().url()).pathname)] }),
};

// The real answer with another text.
async function alter(route, change) {
  const real = await route.fetch();
  // The text comes as it is, whatever it was packed in.
  const headers = Object.fromEntries(Object.entries(real.headers()).filter(([name]) => !/^(content-encoding|content-length|transfer-encoding)$/.test(name)));
  await route.fulfill({ headers, body: change(await real.text()) });
}

// A page of plain HTML that helps: clean, whole on a small screen, usable by keyboard, seen in forced colours.
async function helps(page, name) {
  assert.deepEqual(await axe(page, name), [], name);
  await fits(page, name);
  await walks(page, name);
  await keepsInForcedColours(page, name);
}

let isLookedAt = false;
for (const part of ["boot.js", "app.js", "app_bg.wasm"]) {
  for (const [way, answer] of Object.entries(WAYS)) {
    test(`where ${part} ${way}, the page says that it cannot start, and loading it again helps`, async () => {
      const { context, page } = await openPage(browser, { path: "/healthz" });
      await context.route(hashed(part), answer);
      await page.goto(ORIGIN);
      const notice = page.locator("#cannot-start");
      await notice.waitFor();
      await page.waitForFunction(() => document.activeElement === document.querySelector("#cannot-start h1"));
      assert.match(await notice.innerText(), /not been touched[^]*awaiting review by a fluent speaker/);
      assert.equal(await page.locator("main:visible").count(), 1);
      if (!isLookedAt) await helps(page, "cannot-start-notice");
      isLookedAt = true;
      await context.unroute(hashed(part));
      await page.getByRole("link", { name: "Load the page again" }).click();
      await shows(page, "start");
      assert.ok(!(await notice.isVisible()));
      await context.close();
    });
  }
}

test("who comes back from ScotAccount to a page that cannot start loads it again with what they were sent back with", async () => {
  const { context, page } = await openPage(browser, { path: "/healthz" });
  await context.route(hashed("boot.js"), WAYS["does not come"]);
  await page.goto(`${ORIGIN}/signed-in?code=stolen&state=unknown`);
  await page.locator("#cannot-start").waitFor();
  const entries = () => page.evaluate(() => history.length);
  const had = await entries();
  await context.unroute(hashed("boot.js"));
  await page.getByRole("link", { name: "Load the page again" }).click();
  // The vault was asked about it, and "back" leads to no address with a code in it.
  await isTold(page, "UnknownSignIn");
  assert.deepEqual([page.url(), await entries()], [new URL("/", ORIGIN).href, had]);
  await context.close();
});

for (const part of ["vault-loader.js", "vault.js", "vault_bg.wasm"]) {
  for (const [way, answer] of Object.entries(WAYS)) {
    test(`where ${part} ${way}, the page says that something is missing, and loading it again helps`, async () => {
      const { context, page } = await openPage(browser, { path: "/healthz" });
      await context.route(hashed(part), answer);
      await page.goto(ORIGIN);
      await shows(page, "vault-failed");
      assert.equal(await page.locator("main:visible").count(), 1);
      await context.unroute(hashed(part));
      await press(page, "retry");
      await shows(page, "start");
      await context.close();
    });
  }
}

test("without the first of the scripts the page starts all the same", async () => {
  const { context, page } = await openPage(browser, { path: "/healthz" });
  await context.route(hashed("guard.js"), (route) => route.abort());
  await page.goto(ORIGIN);
  await shows(page, "start");
  await context.close();
});

test("what is shown without script is clean, fits, and stays in forced colours", async () => {
  const { context, page } = await openPage(browser, { path: "/healthz" });
  // As a browser without script sees it, in one that can be asked what it sees.
  const withoutScript = (html) => html.replace(/<script[^>]*><\/script>/g, "").replace(/<\/?noscript>/g, "");
  await context.route(`${ORIGIN}/`, (route) => alter(route, withoutScript));
  await page.goto(ORIGIN);
  const plain = page.locator("main:visible");
  assert.equal(await plain.count(), 1);
  assert.match(await plain.innerText(), /needs JavaScript[^]*Feumaidh[^]*awaiting review by a fluent speaker/);
  assert.equal(await page.locator("script").count(), 0);
  await helps(page, "no-script-notice");
  await context.close();
});

// What the vault finds where a browser stores nothing for a page: the line stands before its program.
const REFUSALS = {
  "has no databases": `Object.defineProperty(globalThis, "indexedDB", { value: undefined });`,
  "lets no database be asked for": `IDBFactory.prototype.open = () => { throw new DOMException("", "SecurityError"); };`,
  "opens no database": `{ const open = IDBFactory.prototype.open; IDBFactory.prototype.open = function (...asked) { const request = open.apply(this, asked); request.addEventListener("upgradeneeded", () => request.transaction.abort()); return request; }; }`,
  "has no locks": `Object.defineProperty(navigator, "locks", { value: { request: () => Promise.reject(new DOMException("", "SecurityError")) } });`,
};

for (const [how, line] of Object.entries(REFUSALS)) {
  test(`a browser that ${how} for this page is told apart, and what to do is said`, async () => {
    const { context, page } = await openPage(browser, { path: "/healthz" });
    const loader = hashed("vault-loader.js");
    await context.route(loader, (route) => alter(route, (program) => program.replace("await start", `${line}\nawait start`)));
    await page.goto(ORIGIN);
    await shows(page, "stopped");
    await isTold(page, "NoStorage");
    assert.match(await page.locator('[data-problem="NoStorage"]').innerText(), /leave private browsing/);
    await context.unroute(loader);
    await press(page, "retry");
    await shows(page, "start");
    await context.close();
  });
}

test("somebody whose browser is set to store nothing is told so, in both languages", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "letterbox-nothing-stored-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "Default"));
  // What "Block all site data" in its settings writes.
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const { context, page } = await openPage(profileIn(folder));
  await shows(page, "stopped");
  await isTold(page, "NoStorage");
  await lookAt(page, "nothing-stored");
  await context.close();
});

test("where there is no room left nothing is begun, and it goes on once there is", async () => {
  const { context, page } = await openPage(browser);
  await shows(page, "start");
  const session = await context.newCDPSession(page);
  await press(page, "begin");
  await session.send("Storage.overrideQuotaForOrigin", { origin: ORIGIN, quotaSize: 1 });
  await typePassphrase(page, PASSPHRASE);
  await isTold(page, "NoStorage");
  await shows(page, "choose-passphrase");
  await session.send("Storage.overrideQuotaForOrigin", { origin: ORIGIN });
  await typePassphrase(page, PASSPHRASE);
  await shows(page, "sign-in");
  await context.close();
});
