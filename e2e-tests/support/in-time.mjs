// As long as something may take on a machine that is busy.
const PATIENCE = 120_000;

// What does not happen is a failure that says what was heard instead, not a test that never ends.
export async function inTime(event, failure) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(failure())), PATIENCE);
  });
  return Promise.race([event, late]).finally(() => clearTimeout(timer));
}
