import { describe, expect } from "vitest";
import type { Engine } from "../../../../src/engine/index.js";
import type { AuthData, EndedStatus, Payload } from "../../../../src/shared/wire.js";
import { type Cluster, type ClusterWorkerOptions, test, WORK } from "../../../support/cluster.js";
import { eventually } from "../../../support/eventually.js";
import { ask, type Reply } from "../../../support/http-client.js";
import { LOADED, type LoggingModel } from "../../../support/logging-model.js";
import type { WorkerProcess } from "../../../support/worker-process.js";

interface Place {
  readonly engine: Engine;
  readonly model: LoggingModel;
  readonly worker: WorkerProcess;
}

async function placeWith(cluster: Cluster, config: ClusterWorkerOptions["config"]): Promise<Place> {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  return { engine, model, worker: await cluster.worker({ engine, model, ...(config && { config }) }) };
}

const authFor = ({ engine, worker }: Place): AuthData => engine.authData({ url: worker.url });

const send = (
  { worker }: Place,
  auth_data: AuthData,
  payload: Payload = {},
  more: object = {},
): Promise<Reply> => ask(`${worker.url}/work`, { body: { auth_data, payload, ...more } });

const statusesOf = async (replies: readonly Promise<Reply>[]): Promise<readonly number[]> =>
  (await Promise.all(replies)).map(({ status }) => status);

/** Waits until exactly this has been reported of a request, in this order. */
async function isReported({ engine }: Place, { request_idx }: AuthData, ...statuses: readonly EndedStatus[]) {
  await eventually(() => {
    const reported = engine.ended.filter((end) => end.request_idx === request_idx);
    expect(reported.map(({ status }) => status)).toEqual(statuses);
  });
}

describe.concurrent("requireOwnUrl", () => {
  test("refuses what was signed for another worker with 401, and reports nothing of it to the engine", async ({
    cluster,
  }) => {
    const place = await placeWith(cluster, { requireOwnUrl: true });
    const { engine, model, worker } = place;
    const { port } = new URL(worker.url);
    const others = [
      "http://127.0.0.1:1",
      `https://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      `${worker.url}0`,
      `${worker.url}/work`,
      "",
    ].map((url) => engine.authData({ url }));
    for (const auth of others) {
      const reply = await send(place, auth);
      expect({ url: auth.url, status: reply.status, body: reply.json() }).toEqual({
        url: auth.url,
        status: 401,
        body: { error: "the url in auth_data is not this worker's" },
      });
      const session = await ask(`${worker.url}/session/create`, { body: { auth_data: auth, payload: {} } });
      expect(session).toMatchObject({ status: 401 });
    }
    expect(model.payloads).toEqual([]);

    const own = authFor(place);
    expect(await send(place, own)).toMatchObject({ status: 200 });
    await isReported(place, own, "Success");
    for (const auth of others) await isReported(place, auth);
    await eventually(() => expect(engine.totals).toMatchObject({ rejectedLoad: 0, requestsReceived: 1 }));
  });

  test("takes its own URL with slashes behind it", async ({ cluster }) => {
    const place = await placeWith(cluster, { requireOwnUrl: true });
    for (const slashes of ["", "/", "//"]) {
      const auth = place.engine.authData({ url: place.worker.url + slashes });
      expect(await send(place, auth)).toMatchObject({ status: 200 });
    }
  });

  test("does not lose its time over a URL of slashes, where no signature is checked", async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const config = { requireOwnUrl: true };
    const worker = await cluster.worker({ engine, model, config, env: { UNSECURED: "true" } });
    const auth = { ...engine.authData({ url: worker.url }), url: `${worker.url}${"/".repeat(15_000)}x` };
    expect(await send({ engine, model, worker }, auth)).toMatchObject({ status: 401 });
  });

  test("does not accept an own URL without a signature", async ({ cluster }) => {
    const place = await placeWith(cluster, { requireOwnUrl: true });
    const auth = { ...place.engine.authData({ url: "http://127.0.0.1:1" }), url: place.worker.url };
    const reply = await send(place, auth);
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 401,
      body: { error: expect.stringContaining("signature") },
    });
  });

  test("is off unless it is wanted", async ({ cluster }) => {
    const place = await placeWith(cluster, {});
    const auth = place.engine.authData({ url: "http://127.0.0.1:1" });
    expect(await send(place, auth)).toMatchObject({ status: 200 });
  });
});

const REPLAYED = {
  status: 409,
  body: { error: "a request with this reqnum and request_idx was served already" },
};

const protectedPlace = (cluster: Cluster, handler: object = {}): Promise<Place> =>
  placeWith(cluster, { replayProtection: true, handlers: [{ ...WORK, maxQueueTime: null, ...handler }] });

async function isReplayed(place: Place, auth: AuthData, payload: Payload = {}): Promise<void> {
  const asked = place.model.payloads.length;
  const reply = await send(place, auth, payload);
  expect({ status: reply.status, body: reply.json() }).toEqual(REPLAYED);
  expect(reply.headers["content-type"]).toBe("application/json");
  expect(place.model.payloads.length).toBe(asked);
}

describe.concurrent("replayProtection", () => {
  test("refuses a request that is running, waiting or done with 409, and reports nothing of it to the engine", async ({
    cluster,
  }) => {
    const place = await protectedPlace(cluster);
    const { engine, model } = place;
    const [running, waiting] = [authFor(place), authFor(place)];
    const first = send(place, running, { fate: "hold", cost: 1 });
    await eventually(() => expect(model.held).toBe(1));
    const second = send(place, waiting, { cost: 1 });
    await eventually(() =>
      expect(engine.reports.at(-1)?.working_request_idxs.toSorted()).toEqual(
        [running.request_idx, waiting.request_idx].toSorted(),
      ),
    );
    await isReplayed(place, running);
    await isReplayed(place, waiting);
    model.release();
    expect(await statusesOf([first, second])).toEqual([200, 200]);
    await isReplayed(place, running);
    await isReplayed(place, waiting);

    const last = authFor(place);
    expect(await send(place, last)).toMatchObject({ status: 200 });
    for (const auth of [running, waiting, last]) await isReported(place, auth, "Success");
    await eventually(() => expect(engine.totals).toMatchObject({ rejectedLoad: 0, requestsReceived: 3 }));
  });

  test("serves one of many that come at once", async ({ cluster }) => {
    const place = await protectedPlace(cluster, { allowParallelRequests: true });
    const auth = authFor(place);
    const statuses = await statusesOf(Array.from({ length: 20 }, () => send(place, auth)));
    expect(statuses.toSorted()).toEqual([200, ...Array(19).fill(409)]);
    expect(place.model.payloads).toHaveLength(1);
    await isReported(place, auth, "Success");
  });

  test("holds for the two numbers together: the same request routed anew is another", async ({ cluster }) => {
    const place = await protectedPlace(cluster);
    const [first, other] = [authFor(place), authFor(place)];
    expect(await send(place, first)).toMatchObject({ status: 200 });
    for (const auth of [
      { ...first, reqnum: other.reqnum },
      { ...first, request_idx: other.request_idx },
      other,
    ]) {
      expect(await send(place, auth)).toMatchObject({ status: 200 });
      await isReplayed(place, auth);
    }
  });

  test("lets a request be repeated that the model broke off, until it was served", async ({ cluster }) => {
    const place = await protectedPlace(cluster);
    const auth = authFor(place);
    for (const _ of [1, 2]) expect(await send(place, auth, { fate: "break" })).toMatchObject({ status: 502 });
    expect(await send(place, auth)).toMatchObject({ status: 200 });
    await isReplayed(place, auth);
    await isReported(place, auth, "Error", "Error", "Success");
  });

  test("lets a request be repeated that the model answered with a 5xx of its own", async ({ cluster }) => {
    const place = await protectedPlace(cluster);
    const auth = authFor(place);
    place.model.status = 500;
    for (const _ of [1, 2]) expect(await send(place, auth)).toMatchObject({ status: 500 });
    place.model.status = 404;
    expect(await send(place, auth)).toMatchObject({ status: 404 });
    await isReplayed(place, auth);
  });

  test("lets a request be repeated that ran into a time limit or into user code that threw", async ({
    cluster,
  }) => {
    for (const [handler, payload, status] of [
      [{ timeouts: { headersMs: 50 } }, { fate: "hold" }, 504],
      [{ responseGenerator: "throws" }, {}, 500],
    ] as const) {
      const place = await protectedPlace(cluster, handler);
      const auth = authFor(place);
      for (const _ of [1, 2]) expect(await send(place, auth, payload)).toMatchObject({ status });
    }
  });

  test("lets a request be repeated that was refused, whatever for", async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.model()];
    const handlers = [{ ...WORK, maxQueueTime: 0, requestParser: "needsPrompt" as const }];
    const config = { replayProtection: true, handlers };
    const worker = await cluster.worker({ engine, model, config }, "loading");
    const place = { engine, model, worker };
    const prompt = { prompt: "hello", cost: 1 };
    const auth = authFor(place);
    // 401 until the engine's key has come.
    await eventually(async () => expect(await send(place, auth, prompt)).toMatchObject({ status: 503 }));
    model.say(LOADED);
    await worker.reaches("ready");

    const other = authFor(place);
    const held = send(place, other, { ...prompt, fate: "hold" });
    await eventually(() => expect(model.held).toBe(1));
    for (const _ of [1, 2]) expect(await send(place, auth, prompt)).toMatchObject({ status: 429 });
    model.release();
    expect(await held).toMatchObject({ status: 200 });
    await isReported(place, other, "Success");

    expect(await send(place, { ...auth, signature: "AAAA" }, prompt)).toMatchObject({ status: 401 });
    expect(await send(place, auth, { prompt: 5 })).toMatchObject({ status: 422 });
    expect(await send(place, auth, prompt)).toMatchObject({ status: 200 });
    await isReplayed(place, auth, prompt);
  });

  test("lets a session be created once; the requests inside of it, which carry its numbers, may repeat", async ({
    cluster,
  }) => {
    const place = await protectedPlace(cluster);
    const { engine, worker } = place;
    const auth = authFor(place);
    const create = (): Promise<Reply> =>
      ask(`${worker.url}/session/create`, { body: { auth_data: auth, payload: {} } });
    const created = await create();
    expect(created).toMatchObject({ status: 201 });
    const again = await create();
    expect({ status: again.status, body: again.json() }).toEqual(REPLAYED);
    await isReplayed(place, auth);

    const { session_id } = created.json() as { readonly session_id: string };
    for (const _ of [1, 2, 3])
      expect(await send(place, auth, {}, { session_id })).toMatchObject({ status: 200 });
    // One that fails inside does not free the session's own numbers.
    expect(await send(place, auth, { fate: "break" }, { session_id })).toMatchObject({ status: 502 });
    await isReplayed(place, auth);

    const end = await ask(`${worker.url}/session/end`, { body: { session_id, session_auth: auth } });
    expect(end).toMatchObject({ status: 200 });
    expect(await create()).toMatchObject({ status: 409 });
    await isReported(place, auth, "Success");
    expect(engine.totals.rejectedLoad).toBe(0);
  });

  test("is off unless it is wanted", async ({ cluster }) => {
    const place = await placeWith(cluster, {});
    const auth = authFor(place);
    for (const _ of [1, 2, 3]) expect(await send(place, auth)).toMatchObject({ status: 200 });
  });
});
