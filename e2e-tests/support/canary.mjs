// Looks for phrases in everything that the browser keeps for the page.

// Runs in the page: every string, and every octet string read as text in the usual encodings.
async function everythingKept() {
  const found = [];
  const read = async (value) => {
    if (typeof value === "string") found.push(value);
    else if (value instanceof Blob) await read(await value.arrayBuffer());
    else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      for (const encoding of ["utf-8", "utf-16le"]) found.push(new TextDecoder(encoding).decode(value));
    } else if (value instanceof Map || value instanceof Set) {
      for (const entry of value) await read(entry);
    } else if (value && typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) {
        found.push(key);
        await read(inner);
      }
    }
  };
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  found.push(location.href, document.title, document.documentElement.outerHTML, document.cookie);
  await read(history.state);
  for (const storage of [localStorage, sessionStorage]) await read({ ...storage });
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName).objectStore(storeName);
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      await read(keys);
      await read(values);
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push(request.url);
      await read(await (await cache.match(request)).arrayBuffer());
    }
  }
  return found;
}

// Runs in the page: puts the phrase in each place, in each of its forms.
async function plant(phrase) {
  localStorage.setItem("planted", phrase);
  sessionStorage.setItem("planted", phrase);
  await (await caches.open("planted")).put("/planted", new Response(phrase));
  await new Promise((resolve, reject) => {
    const request = indexedDB.open("planted", 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore("planted");
      store.put(phrase, "as text");
      store.put({ inside: [new TextEncoder().encode(phrase)] }, "as octets");
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
    request.onerror = () => reject(request.error);
  });
}

async function uproot() {
  localStorage.removeItem("planted");
  sessionStorage.removeItem("planted");
  await caches.delete("planted");
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("planted");
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
}

const count = async (page, ...phrases) =>
  (await page.evaluate(everythingKept)).filter((text) => phrases.some((phrase) => text.includes(phrase))).length;

// How often one of the phrases is kept. First proves on a planted one that it would be found: twice in
// the storages, once in the cache, twice in the database.
export async function timesKept(page, ...phrases) {
  const decoy = `planted ${Math.random()}`;
  await page.evaluate(plant, decoy);
  const planted = await count(page, decoy);
  await page.evaluate(uproot);
  if (planted !== 5) throw new Error(`the scan found ${planted} of 5 planted phrases`);
  if ((await count(page, decoy)) !== 0) throw new Error("what was planted is still there");
  return count(page, ...phrases);
}
