// A vault that says what a test tells it to: every state of the page can be looked at, also those
// that only a liar, a full disk or bad luck lead to. It takes the real vault's place in the real
// page; the page's program, policy and texts are the real ones.

import { openPage } from "./browser.mjs";

const LOADER = /\/vault-loader-[0-9a-f]{16}\.js$/;
const KEPT = ["content-security-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy", "x-content-type-options"];

// The version of the interface between page and vault.
const INTERFACE = 8;

// What the page says without being asked to by its reader.
const SIGNS = ["Active", "Hidden", "Shown"];

const program = (plan, version) => `
globalThis.plan = ${JSON.stringify(plan)};
globalThis.heard = [];
globalThis.signs = [];
globalThis.carried = {};
globalThis.numbers = {};
globalThis.answer = (name, answer) => {
  // A plan is JSON, and JSON has no bytes.
  if (answer.File) {
    const content = new Blob([Uint8Array.from(answer.File.content)], { type: "application/octet-stream" });
    answer = { File: { ...answer.File, content } };
  }
  postMessage({ Answer: { number: globalThis.numbers[name], answer } });
};
globalThis.say = (message) => {
  // How far a file is goes with the number of its request, which a plan does not know.
  const download = message.Event?.Download;
  postMessage(download ? { Event: { Download: { number: globalThis.numbers.Save, ...download } } } : message);
};
globalThis.onmessage = ({ data: { number, command } }) => {
  const name = typeof command === "string" ? command : Object.keys(command)[0];
  const isSign = ${JSON.stringify(SIGNS)}.includes(name);
  (isSign ? globalThis.signs : globalThis.heard).push(name);
  globalThis.carried[name] = command[name];
  globalThis.numbers[name] = number;
  for (const message of globalThis.plan[name] ?? (isSign ? [{ answer: "Heard" }] : [])) {
    if (message.answer) globalThis.answer(name, message.answer);
    else globalThis.say(message);
  }
};
postMessage({ Started: { interface: ${version} } });
`;

export const status = (now) => [{ answer: { Status: now } }];
export const problem = (name) => [{ answer: { Problem: name } }];

// Opens the page with a vault that answers each command by its plan: a list of messages for each
// name; `{ answer }` is the answer, everything else is sent as it is. Without a plan it is silent.
export async function openWithPretendVault(browser, plan, { version = INTERFACE, ...options } = {}) {
  const prepare = (context) =>
    context.route(LOADER, async (route) => {
      // A page that has gone wants no answer.
      const real = await route.fetch().catch(() => null);
      if (!real) return;
      const headers = Object.fromEntries(Object.entries(real.headers()).filter(([name]) => KEPT.includes(name)));
      await route.fulfill({ headers: { ...headers, "content-type": "text/javascript" }, body: program(plan, version) });
    });
  const { context, page, wrong } = await openPage(browser, { prepare, ...options });
  const vault = async () => page.workers()[0] ?? (await page.waitForEvent("worker"));
  return {
    context,
    page,
    wrong,
    // Says something by itself.
    tell: async (message) => (await vault()).evaluate((said) => globalThis.say(said), message),
    // Answers the last command of this name, which its plan has left without an answer.
    answer: async (name, said) => (await vault()).evaluate(([key, answer]) => globalThis.answer(key, answer), [name, said]),
    // Answers differently from now on.
    replan: async (name, messages) => (await vault()).evaluate(([key, list]) => { globalThis.plan[key] = list; }, [name, messages]),
    // What the last command of this name carried.
    carried: async (name) => (await vault()).evaluate((key) => globalThis.carried[key], name),
    // Which signs of its reader the page has given, once there are so many.
    signs: async (least = 0) =>
      (await vault()).evaluate(async (count) => {
        while (globalThis.signs.length < count) await new Promise((resolve) => setTimeout(resolve));
        return globalThis.signs;
      }, least),
    // Which commands it has heard, once there are so many.
    heard: async (least) =>
      (await vault()).evaluate(async (count) => {
        while (globalThis.heard.length < count) await new Promise((resolve) => setTimeout(resolve));
        return globalThis.heard;
      }, least),
  };
}
