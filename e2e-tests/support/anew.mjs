// A page that begins anew, and its vault with it.

// Does what the page is loaded anew after. What goes with the page before may never answer: nobody waits for it.
export async function loadsAnewAfter(page, act) {
  const loaded = page.waitForEvent("load");
  Promise.resolve(act()).catch(() => {});
  await loaded;
}
