// What a screen reader has of a page: its accessibility tree. Things are found there by what they are and what
// they are called, and pressed as a screen reader presses them. Nothing here knows of the page's markup.

import assert from "node:assert/strict";

import { eventually } from "./stack.mjs";

const fits = (wanted, found) => (wanted instanceof RegExp ? wanted.test(found) : wanted === found);
const inWords = (role, name) => `${role} "${name}"`;

export async function treeOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("Accessibility.enable");

  // There is none while one page is on its way to the next.
  const wholeTree = () => session.send("Accessibility.getFullAXTree").catch(() => ({ nodes: [] }));

  async function nodes() {
    const { nodes: every } = await wholeTree();
    return every
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, description, value, properties = [], backendDOMNodeId }) => ({
        role: role?.value ?? "",
        name: name?.value ?? "",
        description: description?.value ?? "",
        value: value?.value,
        is: Object.fromEntries(properties.map((property) => [property.name, property.value.value])),
        id: backendDOMNodeId,
      }));
  }
  const all = async (role, name = /^/) => (await nodes()).filter((node) => fits(role, node.role) && fits(name, node.name));

  // Waits until there is one. A name that does not tell two things apart tells a listener nothing.
  async function find(role, name) {
    const found = await eventually(inWords(role, name), async () => {
      const some = await all(role, name);
      return some.length > 0 && some;
    });
    assert.equal(found.length, 1, `there is one ${inWords(role, name)}`);
    return found[0];
  }

  async function call({ id }, functionDeclaration) {
    const { object } = await session.send("DOM.resolveNode", { backendNodeId: id });
    await session.send("Runtime.callFunctionOn", { objectId: object.objectId, functionDeclaration, userGesture: true });
  }

  return {
    all,
    find,
    // Which of them has the focus.
    focused: async () => (await nodes()).findLast((node) => node.is.focused && node.role !== "RootWebArea"),
    // The name of the document, which is read first.
    title: async () => (await all("RootWebArea"))[0]?.name,
    // What a screen reader does when it is told to act on something.
    async press(role, name) {
      const node = await find(role, name);
      assert.ok(!node.is.disabled, `${inWords(role, name)} can be pressed`);
      await session.send("DOM.focus", { backendNodeId: node.id }).catch(() => {});
      await call(node, "function () { this.click(); }");
    },
    // In place of what stands there.
    async type(name, text) {
      const node = await find("textbox", name);
      await session.send("DOM.focus", { backendNodeId: node.id });
      await call(node, "function () { this.select(); }");
      await session.send("Input.insertText", { text });
    },
    // The words below a node of this role and name, as they follow each other.
    async wordsOf(role, name) {
      const { nodes: every } = await wholeTree();
      const known = new Map(every.map((node) => [node.nodeId, node]));
      const top = every.find((node) => !node.ignored && fits(role, node.role?.value) && fits(name, node.name?.value ?? ""));
      const read = (node) =>
        node.role?.value === "StaticText" ? [node.name.value] : (node.childIds ?? []).flatMap((id) => (known.has(id) ? read(known.get(id)) : []));
      return top ? read(top).join(" ").replace(/\s+/g, " ").trim() : "";
    },
  };
}
