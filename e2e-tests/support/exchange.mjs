// A request and its answer as values, byte for byte: no redirect is followed and no header is added.

import { Agent, request } from "node:http";

// A connection of its own for each request: none that a service which went down has left behind.
const agent = new Agent({ keepAlive: false });

export async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

export const begin = ({ method, url, headers }, place) => request(new URL(url, place), { method, headers, agent });

// The headers of what may have another length now.
export function framed({ status, headers, content }) {
  const { "transfer-encoding": _, "content-length": length, ...others } = headers;
  const hasNone = status === 204 || (content.length === 0 && length === undefined);
  return hasNone ? others : { ...others, "content-length": content.length };
}

// Asks the service at `place` and returns the whole answer.
export async function ask(asked, place) {
  const { content = Buffer.alloc(0), headers = {} } = asked;
  const on = begin({ ...asked, headers: framed({ headers, content }) }, place);
  const given = new Promise((resolve, reject) => on.once("response", resolve).once("error", reject));
  on.end(content);
  const response = await given;
  return { status: response.statusCode, headers: response.headers, content: await whole(response) };
}

// What a refusal says to programs: its status and its code.
export function refusal({ status, content }) {
  const problem = JSON.parse(content);
  return { status, code: problem.code, detail: problem.detail };
}

// Requests to this path, and with this method.
export const asks = (method, path) => (asked) => asked.method === method && asked.url.split("?")[0] === path;

// Requests to what lies below this path.
export const asksBelow = (method, path) => (asked) => asked.method === method && asked.url.startsWith(path);
