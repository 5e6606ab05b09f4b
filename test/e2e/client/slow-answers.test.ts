import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

/** Time limit of the `fetch` of Node.js in these tests, in milliseconds; 300,000 by default. */
const GIVEN_UP_MS = 300;
/** Milliseconds until it notices; bodies are checked every second only. */
const LATE_MS = 3 * GIVEN_UP_MS;
const SILENT_MS = 3000;

const KEY = Symbol.for("undici.globalDispatcher.1");
type Agent = new (options: object) => object;
let usual: object;

beforeAll(() => {
  // Node.js creates its dispatcher on this access.
  new Response();
  usual = Reflect.get(globalThis, KEY) as object;
  const options = { headersTimeout: GIVEN_UP_MS, bodyTimeout: GIVEN_UP_MS };
  Reflect.set(globalThis, KEY, new (usual.constructor as Agent)(options));
});
afterAll(() => {
  Reflect.set(globalThis, KEY, usual);
});

/** Waits in the middle of an answer: for a time, or until the client disconnects. */
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
  test("fails with the global fetch", async () => {
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

test("a replaced global fetch is used", async () => {
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
