// A browser whose profile lies in a folder, so that what it leaves there can be looked at.

import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// To be opened by `openPage`. Closing its context ends the browser, which then has written everything.
export const profileIn = (folder) => ({
  newContext: (options) => chromium.launchPersistentContext(folder, { executablePath: "/usr/bin/chromium", args: FLAGS, ...options }),
});

// In the encodings in which browsers keep text.
export const encoded = (phrase) => [Buffer.from(phrase, "utf8"), Buffer.from(phrase, "utf16le")];
