import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

/** Milliseconds after which the `fetch` of Node.js gives up in these tests; it is 300,000 otherwise. */
const GIVEN_UP_MS = 300;
/** What it then takes to notice that an answer does not begin; of a body it looks every second only. */
const LATE_MS = 3 * GIVEN_UP_MS;
const SILENT_MS = 3000;

const KEY = Symbol.for("undici.globalDispatcher.1");
type Agent = new (options: object) => object;
let usual: object;

beforeAll(() => {
  // Makes Node.js load its dispatcher.
  new Response();
  usual = Reflect.get(globalThis, KEY) as object;
  const options = { headersTimeout: GIVEN_UP_MS, bodyTimeout: GIVEN_UP_MS };
  Reflect.set(globalThis, KEY, new (usual.constructor as Agent)(options));
});
afterAll(() => {
  Reflect.set(globalThis, KEY, usual);
});

/** What an answer waits for in the middle: a time, or that the client leaves. */
type Pause = (response: ServerResponse) => Promise<unknown>;

const lateHead = (pause: Pause) => async (response: ServerResponse) => {
  await pause(response);
  response.writeHead(200, { "content-type": "application/json" }).end('{"n":1}');
};
const silentBody = (pause: Pause) => async (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "application/json" }).write('{"n"');
  await pause(response);
  response.end(":1}");
};
const untilClosed: Pause = (response) => once(response, "close");

describe.each([
  ["whose head comes late", lateHead, LATE_MS],
  ["that falls silent", silentBody, SILENT_MS],
])("an answer %s", (_, answer, pauseMs) => {
  test("is given up by the global fetch", async () => {
    const { worker } = await tinyEndpoint(answer(untilClosed));
    const asking = fetch(worker.url, { method: "POST", body: "{}" }).then((response) => response.json());
    await expect(asking).rejects.toThrow();
  });

  test("arrives through the client", async () => {
    const { endpoint, worker } = await tinyEndpoint(answer(() => wait(pauseMs)));
    const asking = [
      endpoint.request("/go", {}),
      endpoint.fetch(`${endpoint.openaiUrl}/go`, { method: "POST", body: "{}" }),
    ];
    for (const reply of await Promise.all(asking)) expect(await reply.json()).toEqual({ n: 1 });
    expect(worker.seen.length).toBe(2);
  });
});

test("a fetch of the caller's own keeps its limits", async () => {
  const { endpoint } = await tinyEndpoint(lateHead(untilClosed), {
    fetch: (input, init) => fetch(input, init),
  });
  await expect(endpoint.request("/go", {}, { retry: false })).rejects.toMatchObject({
    code: "WORKER_UNREACHABLE",
  });
});

test("what the program has put in the place of the global fetch is used", async () => {
  const { endpoint } = await tinyEndpoint((response) => response.end("{}"));
  const asked: string[] = [];
  const original = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    asked.push(String(input));
    return original(input, init);
  };
  try {
    await endpoint.request("/go", {});
  } finally {
    globalThis.fetch = original;
  }
  expect(asked.at(-1)).toMatch(/\/go$/);
});
