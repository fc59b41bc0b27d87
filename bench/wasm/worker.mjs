// Runs in a worker, as the vault does: the work of `letterbox-bench-wasm`, timed. The names below are those
// at which bench/wasm.mjs serves what scripts/bench has built.

import start, { answer, envelope, load, openLetter, sealLetter, verifyAnswer } from "/bench.js";

await start({ module_or_path: "/bench_bg.wasm" });

// What each name stands for, once a sample is loaded.
const works = {};

function take(sample) {
  load(sample);
  const [given, sealed] = [answer(), envelope()];
  Object.assign(works, { verify: () => verifyAnswer(given), seal: () => sealLetter(), open: () => openLetter(sealed) });
}

// How long one piece of work takes in each round, in microseconds.
function measure({ work, rounds, atOnce }) {
  const does = works[work];
  return Array.from({ length: rounds }, () => {
    const began = performance.now();
    for (let time = 0; time < atOnce; time += 1) does();
    return ((performance.now() - began) * 1000) / atOnce;
  });
}

onmessage = ({ data }) => {
  try {
    if (data.sample) take(data.sample);
    postMessage({ times: data.work ? measure(data) : [] });
  } catch (error) {
    postMessage({ failed: `${error}` });
  }
};
// What is sent before somebody listens would be lost.
postMessage({ times: [] });
