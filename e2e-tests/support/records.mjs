// What lies in the page's database: to be counted, compared and damaged. The vault is locked meanwhile.

const DATABASE = "letterbox";

// Runs in the page: every record, as `shelf/name` and its bytes in hexadecimal.
async function everyRecord(name) {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await done(indexedDB.open(name));
  const records = {};
  for (const shelf of database.objectStoreNames) {
    const store = database.transaction(shelf).objectStore(shelf);
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    keys.forEach((key, place) => {
      records[`${shelf}/${key}`] = Array.from(values[place], (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
  }
  database.close();
  return records;
}

// Runs in the page: takes a record away, or turns one bit of it.
async function spoil([name, shelf, key, how]) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  await new Promise((resolve, reject) => {
    const transaction = database.transaction(shelf, "readwrite");
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    const store = transaction.objectStore(shelf);
    if (how === "lose") {
      store.delete(key);
    } else {
      const request = store.get(key);
      request.onsuccess = () => {
        request.result[request.result.length >> 1] ^= 1;
        store.put(request.result, key);
      };
    }
  });
  database.close();
}

// Runs in the page: stores bytes under a name, in place of what stands there.
async function replace([name, shelf, key, content]) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  await new Promise((resolve, reject) => {
    const transaction = database.transaction(shelf, "readwrite");
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    const bytes = Uint8Array.from(content.match(/../g), (digits) => Number.parseInt(digits, 16));
    transaction.objectStore(shelf).put(bytes, key);
  });
  database.close();
}

export const allRecords = (page) => page.evaluate(everyRecord, DATABASE);

// Every record but the trust file, which is fetched anew now and then.
export async function records(page) {
  const { "open/trust": trust, ...others } = await allRecords(page);
  return others;
}

// The shelf and the name in `shelf/name`, which may have more slashes.
const placeOf = (name) => [name.split("/", 1)[0], name.slice(name.indexOf("/") + 1)];

// Spoils the first record whose `shelf/name` begins so. Returns its whole name.
async function spoilFirst(page, start, how) {
  const name = Object.keys(await allRecords(page)).sort().find((one) => one.startsWith(start));
  if (!name) throw new Error(`there is no record ${start}`);
  await page.evaluate(spoil, [DATABASE, ...placeOf(name), how]);
  return name;
}

// Stores a record, in hexadecimal, as it is.
export const put = (page, name, content) => page.evaluate(replace, [DATABASE, ...placeOf(name), content]);

export const lose = (page, start) => spoilFirst(page, start, "lose");
export const garble = (page, start) => spoilFirst(page, start, "garble");
