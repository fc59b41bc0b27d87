// What runs in the page while it is measured: it notes when something is there, and does nothing else.

// Runs before the page's own programs: notes when the passphrase is sent, and when the vault says what it is
// doing. The vault says so right before it derives the key from the passphrase and right after.
export function noteSteps() {
  const at = {};
  globalThis.at = at;
  const note = (name) => { at[name] ??= performance.now(); };
  addEventListener("submit", () => note("submit"), true);
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const step = data?.Event?.Progress;
        if (typeof step === "string") note(step);
      });
    }
  };
}

// Resolves when so many letters are in the list and the picture of it was made, with when everything was.
export function untilListed(count) {
  return new Promise((resolve) => {
    const look = () => {
      const isThere = document.documentElement.dataset.screen === "inbox" && document.querySelectorAll("li[data-letter]").length === count;
      if (!isThere) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve({ ...globalThis.at, shown: performance.now() })));
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, attributeFilter: ["data-screen"] });
    look();
  });
}

// Begins to wait for a letter, once the page is at rest: `read` resolves when its picture was made, with how
// long that took from the press, and rejects when something else was pressed.
export async function untilRead() {
  // The focus goes to the list's heading, and the page to its top, with a picture of their own.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await new Promise((resolve) => requestIdleCallback(resolve));
  globalThis.read = new Promise((resolve, reject) => {
    let pressed;
    const press = ({ target }) => {
      pressed = performance.now();
      if (!target.closest('[data-action="read"]')) reject(new Error("something else than a letter was pressed"));
    };
    addEventListener("click", press, { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if (document.documentElement.dataset.screen !== "letter") return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressed)));
    });
    observer.observe(document.documentElement, { attributeFilter: ["data-screen"] });
  });
}
