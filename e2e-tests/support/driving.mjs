// A browser on services of a test's own. What drives it asks for the addresses when it is loaded, so it is
// loaded when they are known.

export async function drive({ env }) {
  Object.assign(process.env, env);
  return {
    ...(await import("./browser.mjs")),
    ...(await import("./enrolling.mjs")),
    ...(await import("./scotaccount.mjs")),
    ...(await import("./recovery.mjs")),
  };
}
