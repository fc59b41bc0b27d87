// Starts the page and the vault. No other script of ours touches a Trusted Types sink.
//
// The names below are replaced by hashed ones when the client is built (finish-build.mjs).
import startApp, { start } from "./app.js";

const VAULT_LOADER = "/vault-loader.js";
const APP_PROGRAM = "/app_bg.wasm";

// The page's only policy: it makes exactly one script address, and no HTML and no script text.
const policy = globalThis.trustedTypes?.createPolicy("letterbox", {
  createScriptURL(address) {
    if (address === VAULT_LOADER) return address;
    throw new TypeError("Only the vault may be started");
  },
});

// From here on what fails is caught below. Before, guard.js has an eye on it.
document.documentElement.setAttribute("data-booted", "");

function showCannotStart() {
  const notice = document.getElementById("cannot-start");
  if (!notice) return;
  notice.hidden = false;
  notice.querySelector("h1").focus();
}

try {
  const address = policy ? policy.createScriptURL(VAULT_LOADER) : VAULT_LOADER;
  const vault = new Worker(address, { type: "module" });
  // The vault may be up, or have failed, before the page can listen: what it says is kept.
  const early = [];
  vault.onmessage = (event) => early.push(event.data);
  vault.onerror = () => early.push(undefined);
  await startApp({ module_or_path: APP_PROGRAM });
  start(vault, early);
} catch {
  showCannotStart();
}
