// What the page's policy has to refuse: another script or worker, and HTML from text.

// Runs in the page. Tries each, and returns how it went: "allowed", or the name of the error.
export async function tryForbidden() {
  // What a driver or a debugger evaluates may be exempt from the policy until it first waits.
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
}
