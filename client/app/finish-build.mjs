// The last step of building the client: node client/app/finish-build.mjs DIST
//
// Adds the design system's stylesheet, takes the names of functions out of the programs, gives every
// file but index.html a name with the hash of its finished bytes (so that it can be cached for ever),
// and writes a brotli and a gzip copy of each.
// The files refer to each other, so they are finished from the leaves up.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = process.argv[2];
if (!dist) throw new Error("usage: node finish-build.mjs DIST");
const at = (name) => join(dist, name);

function addDesignSystem() {
  const from = new URL(
    "node_modules/@scottish-government/design-system/dist/css/design-system.min.css",
    import.meta.url,
  );
  let css = readFileSync(from, "utf8").replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
  // The stylesheet carries one image as a data: address, which the policy's img-src refuses.
  const images = new Map();
  css = css.replace(/url\("data:image\/svg\+xml,(.*?)"\)/g, (_, encoded) => {
    // Some of its percent signs are not escapes ("100%").
    const svg = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    if (!images.has(svg)) images.set(svg, `design-system-${images.size + 1}.svg`);
    return `url("/${images.get(svg)}")`;
  });
  if (css.includes("data:")) throw new Error("the design system's stylesheet still has a data: address");
  for (const [svg, name] of images) writeFileSync(at(name), svg);
  writeFileSync(at("design-system.css"), css);
  return [...images.values()];
}

// Takes the custom section `name` out of a program: what its functions were called, for traces of a
// debugger. It is a fifth of the page's programs as they are loaded. The compiler could leave it out, but
// would leave out as well what tells wasm-bindgen which features of wasm are used.
function dropFunctionNames(program) {
  const bytes = readFileSync(at(program));
  const number = (start) => {
    let [value, place] = [0, start];
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[place++];
      if (byte === undefined || shift > 28) throw new Error(`${program} is cut off`);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, place];
    }
  };
  const kept = [bytes.subarray(0, 8)];
  let found = false;
  for (let start = 8; start < bytes.length; ) {
    const [length, content] = number(start + 1);
    const end = content + length;
    if (end > bytes.length) throw new Error(`${program} is cut off`);
    let isNames = false;
    if (bytes[start] === 0) {
      const [size, title] = number(content);
      isNames = bytes.toString("utf8", title, title + size) === "name";
    }
    if (isNames) found = true;
    else kept.push(bytes.subarray(start, end));
    start = end;
  }
  if (!found) throw new Error(`${program} has no names: leave this step out`);
  writeFileSync(at(program), Buffer.concat(kept));
}

// Renames `name` after its bytes, with the names in `uses` replaced first. Returns the new name.
function finish(name, uses) {
  const path = at(name);
  if (uses.length > 0) {
    let text = readFileSync(path, "utf8");
    for (const [old, hashed] of uses) {
      if (!text.includes(old)) throw new Error(`${name} does not mention ${old}`);
      text = text.replaceAll(old, hashed);
    }
    writeFileSync(path, text);
  }
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
  const extension = extname(name);
  const hashed = `${name.slice(0, -extension.length)}-${hash}${extension}`;
  renameSync(path, at(hashed));
  return [name, hashed];
}

function compress(name) {
  const bytes = readFileSync(at(name));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(at(`${name}.br`), brotliCompressSync(bytes, quality));
  writeFileSync(at(`${name}.gz`), gzipSync(bytes, { level: 9 }));
}

for (const program of ["app_bg.wasm", "vault_bg.wasm"]) dropFunctionNames(program);

const images = addDesignSystem().map((name) => finish(name, []));
const styles = [finish("design-system.css", images), finish("letterbox.css", [])];
const icon = finish("icon.svg", []);
const vaultWasm = finish("vault_bg.wasm", []);
const vault = finish("vault.js", [vaultWasm]);
const loader = finish("vault-loader.js", [vaultWasm, vault]);
const appWasm = finish("app_bg.wasm", []);
const app = finish("app.js", [appWasm]);
const boot = finish("boot.js", [appWasm, app, loader]);
const guard = finish("guard.js", []);

let index = readFileSync(at("index.html"), "utf8");
for (const [old, hashed] of [...styles, icon, guard, boot]) {
  if (!index.includes(`"${old}"`)) throw new Error(`index.html does not mention ${old}`);
  index = index.replaceAll(`"${old}"`, `"/${hashed}"`);
}
// Trunk leaves a marker where it would have put its own script.
index = index.replace(/\s*<link data-trunk[^>]*>/g, "");
if (/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/i.test(index)) throw new Error("index.html has inline script or style");
writeFileSync(at("index.html"), index);

const known = new Set(["index.html", ...[...images, ...styles, icon, vaultWasm, vault, loader, appWasm, app, boot, guard].map(([, hashed]) => hashed)]);
for (const name of readdirSync(dist)) {
  if (!statSync(at(name)).isFile()) throw new Error(`unexpected folder in the build: ${name}`);
  if (known.has(name)) compress(name);
  else rmSync(at(name));
}
