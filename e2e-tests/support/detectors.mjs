// What must not come of a letter, however its sender wrote it: elements and attributes that no letter
// has, script, questions to anybody else. `openPage` records the rest: errors, what the
// Content-Security-Policy blocked, requests to origins that are not ours.

const PLAIN = [];
const LANGUAGE = "lang";

// What the text of a letter becomes (LBX-LETTER-3, LBX-LETTER-7), and nothing else.
export const IN_THE_TEXT = {
  p: PLAIN, h3: PLAIN, h4: PLAIN, h5: PLAIN, h6: PLAIN, em: PLAIN, strong: PLAIN, br: PLAIN, hr: PLAIN,
  code: PLAIN, pre: ["class"], blockquote: ["class"], ul: PLAIN, ol: ["start"], li: PLAIN,
  a: ["href", "target", "rel", "class"], span: ["class", LANGUAGE],
};

const BUTTON = ["type", "class", LANGUAGE, "data-action", "data-attachment", "aria-disabled"];

// What the screens around it are made of: the list of letters, and a letter with everything in it.
export const AROUND_THE_TEXT = {
  ...IN_THE_TEXT,
  article: ["data-letter"], section: ["class", "aria-labelledby"], bdi: [LANGUAGE], time: ["datetime"], button: BUTTON,
  div: ["id", "class", LANGUAGE, "role", "data-file-news", "data-alarms", "data-sessions", "data-connection", "data-news", "data-offer", "data-why-locked", "data-locks-soon", "data-removed", "data-clears-soon"],
  p: ["id", "class", LANGUAGE, "role", "data-count", "data-progress", "data-saved", "data-stayed"],
  h1: ["tabindex", "class", LANGUAGE, "aria-describedby"], h2: ["id", "class"],
  strong: ["class", LANGUAGE, "aria-hidden"], span: ["class", LANGUAGE], ul: ["class", "role", "hidden"],
  li: ["class", "data-letter"], details: ["class", "open"], summary: ["class"],
};

// Runs in the page: elements and attributes below `root` that are not allowed, `name` or `name[attribute]`.
export function strangersIn([root, allowed]) {
  const found = new Set();
  for (const one of document.querySelectorAll(`${root} *`)) {
    const may = allowed[one.localName];
    if (!may || one.namespaceURI !== "http://www.w3.org/1999/xhtml") found.add(one.localName);
    else for (const { name } of one.attributes) if (!may.includes(name)) found.add(`${one.localName}[${name}]`);
  }
  return [...found];
}

export const strangers = (page, root, allowed) => page.evaluate(strangersIn, [root, allowed]);

// Runs in the page: how many of these strings, taken for HTML, make elements or attributes that are not
// allowed. Taken for a document of its own, which runs and loads nothing.
export function wouldMakeStrangers([strings, allowed]) {
  const parser = new DOMParser();
  return strings.filter((string) =>
    [...parser.parseFromString(string, "text/html").querySelectorAll("body *, head *")].some(
      (one) => !allowed[one.localName] || [...one.attributes].some(({ name }) => !allowed[one.localName].includes(name)),
    ),
  ).length;
}

// For a context before its page is loaded: nothing leaves this machine, every dialog is closed and every
// report of a broken policy is said where `openPage` hears it. Returns what was tripped: dialogs and
// pages that opened.
export async function guard(context) {
  const tripped = [];
  const isHere = ({ hostname, protocol }) => ["blob:", "data:"].includes(protocol) || ["localhost", "127.0.0.1"].includes(hostname);
  await context.route((url) => !isHere(url), (route) => route.abort());
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => console.error(`policy report: ${effectiveDirective}`));
  });
  context.on("dialog", (dialog) => {
    tripped.push(`dialog: ${dialog.type()}`);
    // It may be gone with its page.
    dialog.dismiss().catch(() => {});
  });
  context.on("page", (page) => {
    if (context.pages().length > 1) tripped.push(`page: ${page.url()}`);
    page.on("framenavigated", (frame) => { if (frame !== page.mainFrame()) tripped.push(`frame: ${frame.url()}`); });
  });
  return tripped;
}

// The mark that a script of ours would leave if it ran.
export const MARK = "letterWasHere";
export const isMarked = (page) => page.evaluate((mark) => mark in globalThis, MARK);
