// Figures that scripts take: added to the list in a file, and printed as bench/src/figures.rs prints its own.

import { existsSync, readFileSync, writeFileSync } from "node:fs";

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

export const shown = (value) => value.toFixed(value >= 100 ? 0 : 2);

// `values` are those of all runs, whose median counts; `reference` is in the same unit, and `what` says what
// it is. `aim`, where there is one, is repeated and never enforced.
export function report(file, { name, values, unit, what, reference, aim }) {
  const value = median(values);
  const figure = { name, value, unit, reference: `${what}: ${shown(reference)} ${unit}`, ratio: value / reference };
  const notes = [figure.reference];
  if (values.length > 1) {
    Object.assign(figure, { least: Math.min(...values), most: Math.max(...values), runs: values.length });
    notes.push(`${shown(figure.least)} to ${shown(figure.most)} in ${figure.runs} runs`);
  }
  if (aim) {
    figure.aim = aim;
    notes.push(`aim: ${aim}`);
  }
  const list = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  writeFileSync(file, `${JSON.stringify([...list.filter((other) => other.name !== name), figure], null, 2)}\n`);
  const cells = [name.padEnd(44), shown(value).padStart(10), unit.padEnd(9), figure.ratio.toFixed(2).padStart(6)];
  console.log(`${cells.join(" ")} x  ${notes.join("; ")}`);
}
