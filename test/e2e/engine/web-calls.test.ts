import { describe, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

type Json = Record<string, unknown> & {
  readonly results: readonly Record<string, unknown>[];
  readonly result: Record<string, unknown>;
};

/** A web call with the account's key. */
async function call(engine: Engine, method: string, path: string, body?: unknown) {
  const response = await fetch(`${engine.url}/api/v0${path}`, {
    method,
    headers: { authorization: "Bearer account", connection: "close", "content-type": "application/json" },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

/** The body of a refusal: the command line prints `msg`. */
const refused = (msg: unknown) => ({ success: false, msg, error_msg: msg, error: msg });

const account = () => startedEngine({ accountKey: "account" });

describe("endpoints", () => {
  test("are listed, that of the start first, with all their parameters", async () => {
    const engine = await account();
    expect((await call(engine, "GET", "/endptjobs/")).body).toEqual({
      success: true,
      results: [
        {
          id: 1,
          endpoint_name: "endpoint",
          api_key: "key",
          user_id: 1,
          created_at: expect.any(Number),
          endpoint_state: "active",
          max_workers: 16,
          cold_workers: 5,
          min_load: 1,
          min_cold_load: 0,
          target_util: 0.9,
          cold_mult: 3,
          max_queue_time: 30,
          target_queue_time: 10,
          inactivity_timeout: null,
          auto_delete_in_seconds: null,
          auto_delete_due_24h: false,
        },
      ],
    });
  });

  test("are created, shown, changed and removed", async () => {
    const engine = await account();
    const { body } = await call(engine, "POST", "/endptjobs/", { endpoint_name: "other", min_load: 5 });
    const path = `/endptjobs/${body.result}/`;
    const shown = (await call(engine, "GET", path)).body.result;
    expect(shown).toMatchObject({ endpoint_name: "other", min_load: 5, cold_mult: 3 });

    const routed = { endpoint: "other", api_key: shown.api_key, cost: 1 };
    expect((await post(engine, "/route/", routed)).status).toBe(200);
    expect((await post(engine, "/route/", { ...routed, api_key: "key" })).status).toBe(400);

    const changed = await call(engine, "PUT", path, { cold_workers: 2, endpoint_state: "suspended" });
    expect(changed.body.result).toMatchObject({ min_load: 5, cold_workers: 2, endpoint_state: "suspended" });
    expect((await call(engine, "DELETE", path)).body).toMatchObject({ success: true });
    expect((await call(engine, "GET", path)).status).toBe(400);
    expect((await call(engine, "GET", "/endptjobs")).body.results).toHaveLength(1);
  });

  test.each([
    ["a name that exists", { endpoint_name: "endpoint" }, "there is an endpoint named endpoint already"],
    ["no name", {}, "endpoint_name: "],
    ["an utilisation over 1", { endpoint_name: "x", target_util: 1.5 }, "target_util: "],
    ["a state that is none", { endpoint_name: "x", endpoint_state: "asleep" }, "endpoint_state: "],
    ["no object", "[]", "body: "],
    ["no JSON", "{", "the body is not JSON"],
  ])("with %s are refused", async (_, body, reason) => {
    const engine = await account();
    const answer = await call(engine, "POST", "/endptjobs/", body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(refused(expect.stringContaining(reason)));
  });

  test("are removed but for the one of the start", async () => {
    const engine = await account();
    expect(await call(engine, "DELETE", "/endptjobs/1/")).toEqual({
      status: 400,
      body: refused("the engine was started with the endpoint endpoint, which cannot be removed"),
    });
  });

  test("that are stopped route nothing until they are active again", async () => {
    const engine = await account();
    await post(engine, "/worker_status/", workerStatus());
    const asking = { endpoint: "endpoint", api_key: "key" };
    const route = async () => (await (await post(engine, "/route/", asking)).json()) as { url?: string };
    await call(engine, "PUT", "/endptjobs/1/", { endpoint_state: "stopped" });
    expect((await route()).url).toBeUndefined();
    await call(engine, "PUT", "/endptjobs/1/", { endpoint_state: "active" });
    expect((await route()).url).toBe(workerStatus().url);
  });
});

describe("workergroups", () => {
  test("are created by the endpoint's name or id, listed and removed", async () => {
    const engine = await account();
    const wish = { endpoint_name: "endpoint", template_hash: "abc", launch_args: "--x", gpu_ram: 24 };
    const { body } = await call(engine, "POST", "/workergroups/", wish);
    const other = await call(engine, "POST", "/workergroups/", { endpoint_id: 1 });
    expect((await call(engine, "GET", "/workergroups/")).body.results).toMatchObject([
      { ...wish, id: body.id, endpoint_id: 1 },
      { id: other.body.id, endpoint_name: "endpoint" },
    ]);
    expect((await call(engine, "DELETE", `/workergroups/${body.id}/`)).status).toBe(200);
    expect((await call(engine, "DELETE", `/workergroups/${body.id}/`)).body).toEqual(
      refused(`no such workergroup: ${body.id}`),
    );
  });

  test.each([
    [{}, "expected endpoint_id or endpoint_name"],
    [{ endpoint_id: 99 }, "no such endpoint: 99"],
    [{ endpoint_id: "1" }, expect.stringContaining("endpoint_id: ")],
  ])("of %j are refused", async (body, error_msg) => {
    const engine = await account();
    expect(await call(engine, "POST", "/workergroups/", body)).toEqual({
      status: 400,
      body: refused(error_msg),
    });
  });
});

describe("the account's key", () => {
  test("may come in the query", async () => {
    const engine = await account();
    expect((await fetch(`${engine.url}/api/v0/endptjobs/?client_id=me&api_key=account`)).status).toBe(200);
  });

  test("is not that of the endpoint, where it has one of its own", async () => {
    const engine = await account();
    const response = await fetch(`${engine.url}/api/v0/endptjobs/?api_key=key`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual(refused("invalid api_key"));
  });

  test("is that of the endpoint, where none is given", async () => {
    const engine = await startedEngine();
    expect((await fetch(`${engine.url}/api/v0/endptjobs/?api_key=key`)).status).toBe(200);
  });
});

describe("an endpoint shows to clients with its key", () => {
  test("its workers", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus({ id: 7, cur_load: 50, new_load: 20 }));
    const response = await post(engine, "/get_endpoint_workers/", { id: 1, api_key: "key" });
    expect(await response.json()).toEqual([
      {
        id: 7,
        status: "idle",
        gpu_name: "unknown",
        cur_load: 50,
        new_load: 20,
        cur_load_rolling_avg: expect.any(Number),
        cur_perf: 0,
        perf: 100,
        measured_perf: 100,
        dlperf: 0,
        reliability: 1,
        reqs_working: 0,
        disk_usage: 0,
        loaded_at: expect.any(Number),
        started_at: expect.any(Number),
      },
    ]);
  });

  test("its logs", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus({ id: 7 }));
    await post(engine, "/route/", { endpoint: "endpoint", api_key: "key" });
    const times = { entered_queue_at: 100, work_started_at: 100.25, work_completed_at: 101 };
    const never = { entered_queue_at: 100, work_started_at: 0, work_completed_at: 0 };
    const requests = [
      { request_idx: 1, success: true, status: "Success", ...times },
      { request_idx: 2, success: false, status: "Rejected", ...never },
    ];
    await post(engine, "/delete_requests/", { worker_id: 7, mtoken: "", requests });
    const response = await post(engine, "/get_endpoint_logs/", { id: 1, api_key: "key", tail: 10 });
    expect(await response.json()).toEqual({
      info0: expect.stringContaining("worker 7 is idle"),
      info1: expect.stringContaining("worker 7 is idle"),
      trace: expect.stringMatching(
        /request 1 to http:.*\n.* request 1 ended status=Success waited=0.25 ran=0.75\n.* request 2 ended status=Rejected$/,
      ),
      debug: expect.stringMatching(/ worker 7 reported loadtime=\S+ cur_load=0 .* max_perf=100 /),
    });
  });

  test.each(["/get_endpoint_workers/", "/get_endpoint_logs/"])("and to no others: %s", async (path) => {
    const engine = await startedEngine();
    for (const [body, error_msg] of [
      [{ id: 1, api_key: "wrong" }, "invalid api_key"],
      [{ id: 9, api_key: "key" }, "no such endpoint: 9"],
      [{ id: "1", api_key: "key" }, expect.stringContaining("id: ")],
    ]) {
      const response = await post(engine, path, body);
      // Python's clients take any other status for a crash.
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ error_msg, error: error_msg });
    }
  });
});
