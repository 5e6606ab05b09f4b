import { describe, expect, test } from "vitest";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

const asking = { endpoint: "endpoint", api_key: "key" };

describe("a cost", () => {
  test.each([1e308, "1e400", -1, "much", "NaN", [], true])("of %j is refused", async (cost) => {
    const engine = await startedEngine();
    const response = await post(engine, "/route/", { ...asking, cost });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error_msg: expect.stringContaining("cost: ") });
  });

  test("that is not named, or null, is 100", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus());
    for (const cost of [undefined, null]) {
      expect(await (await post(engine, "/route/", { ...asking, cost })).json()).toMatchObject({
        cost: 100,
      });
    }
  });

  test("as high as it may be leaves the queues as they are to be", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus());
    for (let times = 0; times < 5; times += 1) await post(engine, "/route/", { ...asking, cost: 1e12 });
    expect(engine.workers[0]?.expectedQueue).toBeGreaterThan(0);
    expect(engine.workers[0]?.expectedQueue).toBeLessThan(1e12);
  });
});

test("search parameters that are out of range are refused, and the engine continues", async () => {
  const engine = await startedEngine({ accountKey: "account" });
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const response = await post(
    engine,
    "/api/v0/workergroups/?api_key=account",
    `{"endpoint_id":1,"search_params":{"a":${deep}}}`,
  );
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error_msg: "search_params: expected at most 32 levels" });
  expect((await fetch(`${engine.url}/pubkey/`)).status).toBe(200);
});

test("an internal error is answered 500, with a notice", async () => {
  const engine = await startedEngine();
  const notices: string[] = [];
  engine.on("notice", (notice) => notices.push(notice));
  // Something that the engine relies on is broken.
  Object.defineProperty(engine, "publicKey", {
    get: () => {
      throw new Error("no key");
    },
  });
  const response = await fetch(`${engine.url}/pubkey/`, { signal: AbortSignal.timeout(5000) });
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({ error_msg: "the engine failed at this; a notice says why" });
  await expect.poll(() => notices).toEqual([expect.stringContaining("/pubkey/ failed: Error: no key")]);
});

describe("a field that is null counts as missing", () => {
  test("in the change of an endpoint", async () => {
    const engine = await startedEngine({ scaling: { min_load: 7, inactivity_timeout: 20 } });
    const put = async (body: unknown) => {
      const response = await fetch(`${engine.url}/api/v0/endptjobs/1/?api_key=key`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { readonly result: unknown };
    };
    expect(
      (await put({ endpoint_name: null, endpoint_state: null, min_load: null, max_workers: 2 })).result,
    ).toMatchObject({ endpoint_name: "endpoint", min_load: 7, max_workers: 2, inactivity_timeout: 20 });
    expect((await put({ inactivity_timeout: null })).result).toMatchObject({ inactivity_timeout: 20 });
  });

  test("in a workergroup", async () => {
    const engine = await startedEngine();
    const wish = {
      endpoint_id: 1,
      endpoint_name: null,
      launch_args: null,
      search_params: null,
      gpu_ram: null,
    };
    expect((await post(engine, "/api/v0/workergroups/?api_key=key", wish)).status).toBe(200);
  });

  test("in a request for logs", async () => {
    const engine = await startedEngine();
    expect((await post(engine, "/get_endpoint_logs/", { id: 1, api_key: "key", tail: null })).status).toBe(
      200,
    );
  });
});

test("target_queue_time follows max_queue_time unless it is given", async () => {
  const engine = await startedEngine();
  const response = await fetch(`${engine.url}/api/v0/endptjobs/1/?api_key=key`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"max_queue_time":5}',
  });
  expect(await response.json()).toMatchObject({ result: { max_queue_time: 5, target_queue_time: 5 } });
});
