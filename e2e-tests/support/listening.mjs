// What a screen reader says by itself: what changes in the parts of a page that are marked to be said aloud.
//
// Screen readers say what changes in a part that they know of, and an alert when it appears. What appears
// together with its part they mostly do not say: that is kept apart, as something that nobody heard.

import { eventually } from "./stack.mjs";

// Runs in each page from its beginning.
function listen() {
  const LIVE = '[role="status"], [role="alert"], [role="log"], [aria-live="polite"], [aria-live="assertive"]';
  const isUrgent = (region) => region.getAttribute("role") === "alert" || region.getAttribute("aria-live") === "assertive";
  const known = new WeakSet();
  const last = new WeakMap();
  function wordsOf(region) {
    if (!region.isConnected || region.closest("[aria-hidden='true']") || !region.checkVisibility()) return "";
    const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest("[aria-hidden='true']")) words.push(walker.currentNode.data);
    }
    return words.join(" ").replace(/\s+/g, " ").trim();
  }
  function say(region, isHeard) {
    const words = wordsOf(region);
    if (words === (last.get(region) ?? "")) return;
    last.set(region, words);
    if (words) globalThis.letterboxHeard({ words, urgently: isUrgent(region), isHeard });
  }
  new MutationObserver((records) => {
    const changed = new Set();
    for (const { target } of records) {
      const region = (target instanceof Element ? target : target.parentElement)?.closest(LIVE);
      if (region && known.has(region)) changed.add(region);
    }
    for (const region of changed) say(region, true);
    for (const region of document.querySelectorAll(LIVE)) {
      if (known.has(region)) continue;
      known.add(region);
      say(region, isUrgent(region));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

// To be called before the page is loaded.
export async function listenTo(context) {
  const said = [];
  await context.exposeBinding("letterboxHeard", (_, what) => said.push(what));
  await context.addInitScript(listen);
  let place = 0;
  return {
    // Waits until these words are said, after everything that was waited for before.
    async hears(words, { urgently = false } = {}) {
      await eventually(`"${words}" is said`, () => {
        const found = said.findIndex((one, at) => at >= place && one.isHeard && one.urgently === urgently && one.words.includes(words));
        if (found < 0) return false;
        place = found + 1;
        return true;
      }).catch((error) => {
        throw new Error(`${error.message}, but ${JSON.stringify(said.slice(place))}`);
      });
    },
    // What stood in the page all at once and was said to nobody.
    unheard: () => said.filter(({ isHeard }) => !isHeard).map(({ words }) => words),
  };
}
