import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { type RequestProgress, type RequestStatus, Serverless } from "../../../src/client/index.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { SOON, tinyEndpoint } from "../../support/tiny-endpoint.js";
import { tinyWorker } from "../../support/tiny-worker.js";

/** Records the statuses of a request. */
function story() {
  const statuses: RequestStatus[] = [];
  return { statuses, onStatus: (status: RequestStatus) => void statuses.push(status) };
}

describe("the status of a request", () => {
  test("is reported with each change, and is a property", async () => {
    const { endpoint } = await tinyEndpoint((response, _seen, tries) =>
      response.writeHead(tries === 1 ? 503 : 200).end(),
    );
    const { statuses, onStatus } = story();
    const pending = endpoint.request("/go", {}, { onStatus, retry: SOON });
    expect(pending.status).toBe("queued");
    await pending;
    expect(pending.status).toBe("complete");
    expect(statuses).toEqual([
      "queued",
      "polling",
      "in progress",
      "retrying",
      "polling",
      "in progress",
      "complete",
    ]);
  });

  test("is errored at the end of a failed request", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.destroy());
    const { statuses, onStatus } = story();
    await expect(endpoint.request("/go", {}, { onStatus, retry: false })).rejects.toThrow();
    expect(statuses.at(-1)).toBe("errored");
  });

  test("of a stream is complete when its end is read", async () => {
    const { endpoint } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end("data: 1\n\ndata: [DONE]\n\n");
    });
    const { statuses, onStatus } = story();
    const stream = await endpoint.request("/go", {}, { onStatus, stream: true });
    expect(statuses.at(-1)).toBe("in progress");
    for await (const event of stream) expect(event).toBe(1);
    expect(statuses.at(-1)).toBe("complete");
  });

  test("of a stream whose reader has left is cancelled", async () => {
    const { endpoint } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const pending = endpoint.request("/go", {}, { stream: true });
    for await (const _ of await pending) break;
    await eventually(() => pending.status === "cancelled");
  });
});

test("a cold start is reported by onProgress, with the engine's status", async () => {
  const engine = await startedEngine();
  const worker = await tinyWorker((response, { path }) => void (path === "/go" && response.end("{}")));
  const progress: RequestProgress[] = [];
  const endpoint = new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
  const pending = endpoint.request("/go", {}, { onProgress: (each) => void progress.push(each) });
  await eventually(() => progress.filter(({ engineStatus }) => engineStatus !== undefined).length > 1);
  await worker.announce(engine);
  await pending;
  const [first, ...later] = progress;
  expect(first).toMatchObject({ status: "queued", attempts: 0, worker: undefined, engineStatus: undefined });
  expect(later.find(({ engineStatus }) => engineStatus !== undefined)).toMatchObject({
    status: "polling",
    attempts: 0,
    engineStatus: expect.stringContaining("0 workers"),
  });
  expect(later.slice(-2)).toMatchObject([
    { status: "in progress", attempts: 1, worker: worker.url, engineStatus: undefined },
    { status: "complete", attempts: 1, worker: worker.url },
  ]);
  expect(progress.map(({ elapsedMs }) => elapsedMs)).toEqual(
    progress.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b),
  );
});

test("a request has the times of its steps, and a client the latencies of its requests", async () => {
  const { endpoint, serverless } = await tinyEndpoint((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    setTimeout(() => response.end(), 200);
  });
  const before = Date.now() / 1000;
  const pending = endpoint.request("/go", {}, { stream: true });
  expect(pending.times).toMatchObject({ started: undefined, routed: undefined, ended: undefined });
  const stream = await pending;
  expect(stream.times.ended).toBeUndefined();
  expect(serverless.latencies).toEqual([]);
  for await (const event of stream) expect(event).toBe(1);
  const { created, started = 0, routed = 0, answered = 0, ended = 0 } = stream.times;
  const steps = [before - 0.1, created, started, routed, answered, ended];
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(stream.times).toEqual(pending.times);
  expect(serverless.latencies).toHaveLength(1);
  expect(serverless.latencies[0]).toBeCloseTo(ended - routed, 3);
});

describe("a request that is cancelled", () => {
  /** Cancels at a status, and returns the statuses. */
  async function cancelledAt(
    status: RequestStatus,
    answer: (response: ServerResponse) => void,
  ): Promise<readonly RequestStatus[]> {
    const { endpoint } = await tinyEndpoint(answer, { maxConcurrency: 1 });
    const controller = new AbortController();
    const statuses: RequestStatus[] = [];
    const pending = endpoint.request(
      "/go",
      {},
      {
        signal: controller.signal,
        onStatus: (each) => {
          statuses.push(each);
          if (each === status) controller.abort(new Error(`cancelled at ${status}`));
        },
      },
    );
    await expect(pending).rejects.toThrow(`cancelled at ${status}`);
    // Its slot is free: another request reaches the worker.
    const next = endpoint.request("/go", {});
    await eventually(() => next.status === "in progress" || next.status === "retrying");
    next.cancel();
    await expect(next).rejects.toMatchObject({ name: "AbortError" });
    return statuses;
  }
  const silent = () => {};
  const busy = (response: ServerResponse) => void response.writeHead(503).end();

  test.each([
    ["queued", silent, ["queued", "cancelled"]],
    ["polling", silent, ["queued", "polling", "cancelled"]],
    ["in progress", silent, ["queued", "polling", "in progress", "cancelled"]],
    ["retrying", busy, ["queued", "polling", "in progress", "retrying", "cancelled"]],
  ] as const)("while it is %s ends at once, and gives its place back", async (status, answer, statuses) => {
    expect(await cancelledAt(status, answer)).toEqual(statuses);
  });
});

test("an exception of the callback is an uncaught error, and does not affect the request", async () => {
  const { endpoint } = await tinyEndpoint((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end("data: 1\n\n");
  });
  const statuses: RequestStatus[] = [];
  const onStatus = (status: RequestStatus): void => {
    statuses.push(status);
    throw new Error(`thrown at ${status}`);
  };
  const uncaught: string[] = [];
  const own = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", ({ message }) => uncaught.push(message));
  try {
    for await (const event of await endpoint.request("/go", {}, { stream: true, onStatus })) {
      expect(event).toBe(1);
    }
    expect(statuses).toEqual(["queued", "polling", "in progress", "complete"]);
    await eventually(() => expect(uncaught).toEqual(statuses.map((status) => `thrown at ${status}`)));
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of own) process.on("uncaughtException", listener);
  }
});

describe("a client with one slot", () => {
  /** Answers when the test lets it. */
  async function oneAtATime() {
    const open: ServerResponse[] = [];
    const endpoint = await tinyEndpoint((response) => void open.push(response), { maxConcurrency: 1 });
    return { ...endpoint, open, answered: (index: number) => open[index]?.end("{}") };
  }

  test("sends one request after the other, in order", async () => {
    const { answered, endpoint, open, worker } = await oneAtATime();
    const pending = [1, 2, 3].map((n) => endpoint.request("/go", { n }));
    for (const index of [0, 1, 2]) {
      await eventually(() => open.length === index + 1);
      expect(pending.map(({ status }) => status)).toEqual(
        [0, 1, 2].map((each) => (each < index ? "complete" : each === index ? "in progress" : "queued")),
      );
      answered(index);
      await pending[index];
    }
    expect(worker.seen).toMatchObject([1, 2, 3].map((n) => ({ body: { payload: { n } } })));
  });

  test("removes one that is cancelled in the line", async () => {
    const { answered, endpoint, engine, open } = await oneAtATime();
    const first = endpoint.request("/go", {});
    await eventually(() => open.length === 1);
    const second = endpoint.request("/go", {});
    const third = endpoint.request("/go", {});
    second.cancel();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    expect(second.status).toBe("cancelled");
    answered(0);
    await first;
    await eventually(() => open.length === 2);
    answered(1);
    await third;
    expect(engine.totals.requested).toBe(2);
  });

  test("releases it when a request fails", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.destroy(), { maxConcurrency: 1 });
    for (let n = 0; n < 3; n += 1) {
      await expect(endpoint.request("/go", {}, { retry: false })).rejects.toThrow();
    }
  });

  test("releases it when a stream was refused, read or unread", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.writeHead(422).end("{}"), {
      maxConcurrency: 1,
    });
    for (let n = 0; n < 3; n += 1) {
      expect((await endpoint.request("/go", {}, { stream: true })).status).toBe(422);
    }
  });

  test("releases it when a payload has no JSON text, and sends nothing", async () => {
    const { endpoint, engine } = await tinyEndpoint((response) => response.end("{}"), { maxConcurrency: 1 });
    for (let n = 0; n < 3; n += 1) {
      await expect(endpoint.request("/go", { n: 1n })).rejects.toThrow(TypeError);
    }
    expect(engine.totals.requested).toBe(0);
  });

  test("releases it when an unread stream is cancelled", async () => {
    const { endpoint } = await tinyEndpoint(
      (response, _seen, tries) => {
        if (tries > 1) response.end("{}");
        else response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      },
      { maxConcurrency: 1 },
    );
    const unread = endpoint.request("/go", {}, { stream: true });
    await unread;
    const next = endpoint.request("/go", {});
    unread.cancel();
    expect((await next).ok).toBe(true);
  });
});
