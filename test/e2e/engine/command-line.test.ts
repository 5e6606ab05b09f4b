import { createPublicKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

// Bodies as Vast's command line sends them: an option that was not given is null.

interface Answer {
  readonly success: boolean;
  readonly id: number;
  readonly result: Readonly<Record<string, unknown>>;
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

/** A call of the account, as the command line makes it. */
async function call(engine: Engine, method: string, path: string, body?: object) {
  const response = await fetch(`${engine.url}/api/v0${path}`, {
    method,
    headers: { authorization: "Bearer key", "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

/** One of the calls that it makes at the service itself. */
const inspect = async (engine: Engine, path: string, body: object): Promise<Record<string, string>> => {
  const response = await post(engine, path, { api_key: "key", ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, string>;
};

const UNSET = { min_load: null, target_util: null, cold_mult: null, cold_workers: null };
const DEFAULT_SEARCH = "verified=True rentable=True rented=False";

describe("update endpoint", () => {
  const noOptions = {
    client_id: "me",
    endptjob_id: 1,
    ...UNSET,
    min_cold_load: null,
    max_workers: null,
    endpoint_name: null,
    endpoint_state: null,
    max_queue_time: null,
    target_queue_time: null,
    inactivity_timeout: null,
    autoscaler_instance: "prod",
  };

  test("changes the options that were given, and no others", async () => {
    const engine = await startedEngine({ scaling: { inactivity_timeout: 20, min_load: 7, cold_workers: 2 } });
    const { body } = await call(engine, "PUT", "/endptjobs/1/", { ...noOptions, max_workers: 4 });
    const kept = { inactivity_timeout: 20, min_load: 7, cold_workers: 2, endpoint_name: "endpoint" };
    expect(body.result).toMatchObject({ ...kept, max_workers: 4, endpoint_state: "active" });
  });

  test("takes the text of a number, and refuses any other text", async () => {
    const engine = await startedEngine();
    const { body } = await call(engine, "PUT", "/endptjobs/1/", { max_workers: "3", target_util: " 0.5 " });
    expect(body.result).toMatchObject({ max_workers: 3, target_util: 0.5 });
    for (const max_workers of ["three", "", "0x", "1e999"]) {
      const refused = await call(engine, "PUT", "/endptjobs/1/", { max_workers });
      expect(refused).toMatchObject({
        status: 400,
        body: { success: false, msg: expect.stringContaining("max_workers: ") },
      });
    }
  });
});

describe("workergroups, which it calls autojobs", () => {
  const created = {
    client_id: "me",
    ...UNSET,
    cold_workers: 1,
    test_workers: 3,
    template_hash: "abc",
    template_id: null,
    search_params: DEFAULT_SEARCH,
    launch_args: null,
    gpu_ram: 24,
    endpoint_name: "endpoint",
    endpoint_id: null,
    autoscaler_instance: "prod",
  };

  test("are created with all fields, changed by those that are not null, and deleted", async () => {
    const engine = await startedEngine();
    const more = {
      max_workers: 5,
      docker_login_user: "me",
      docker_login_pass: "secret",
      docker_login_repo: "r",
    };
    const { id } = (await call(engine, "POST", "/autojobs/", { ...created, ...more })).body;
    const shown = { id, endpoint_id: 1, gpu_ram: 24, cold_workers: 1, test_workers: 3, template_hash: "abc" };
    const kept = { ...shown, max_workers: 5, docker_login_user: "me", docker_login_repo: "r" };
    const list = async () => (await call(engine, "GET", "/autojobs/")).body.results;
    expect(await list()).toMatchObject([{ ...kept, docker_login_pass: "********", launch_args: "" }]);
    expect((await call(engine, "GET", "/workergroups/")).body.results).toEqual(await list());

    const change = { ...created, template_hash: null, gpu_ram: null, cold_workers: null, test_workers: null };
    const changed = await call(engine, "PUT", `/autojobs/${id}/`, {
      ...change,
      launch_args: "--x",
      endpoint_id: 1,
    });
    expect(changed).toMatchObject({ status: 200, body: { success: true, id } });
    expect(await list()).toMatchObject([{ ...kept, launch_args: "--x", docker_login_pass: "********" }]);

    expect((await call(engine, "DELETE", `/autojobs/${id}/`, { autojob_id: id })).body.success).toBe(true);
    expect(await list()).toEqual([]);
  });

  test.each([
    [{ endpoint_id: 7 }, "workergroup 2 belongs to endpoint 1 (endpoint), and cannot be moved"],
    [{ gpu_ram: -1 }, expect.stringContaining("gpu_ram: ")],
    [{ test_workers: "three" }, expect.stringContaining("test_workers: ")],
    [[], expect.stringContaining("body: ")],
  ])("are not changed by %j", async (change, msg) => {
    const engine = await startedEngine();
    const { id } = (await call(engine, "POST", "/autojobs/", created)).body;
    expect(id).toBe(2);
    const refused = await call(engine, "PUT", `/workergroups/${id}/`, change);
    expect(refused).toEqual({ status: 400, body: { success: false, msg, error_msg: msg, error: msg } });
  });

  test("that do not exist are named", async () => {
    const engine = await startedEngine();
    for (const method of ["PUT", "DELETE"]) {
      expect(await call(engine, method, "/autojobs/9/", {})).toMatchObject({
        status: 400,
        body: { msg: "no such workergroup: 9" },
      });
    }
  });
});

describe("logs", () => {
  test("of an endpoint have lines at the level that is shown by default", async () => {
    const engine = await startedEngine();
    expect((await inspect(engine, "/get_endpoint_logs/", { id: 1 })).info1).toContain(
      "the endpoint is active",
    );
    await post(engine, "/worker_status/", workerStatus({ id: 7 }));
    const logs = await inspect(engine, "/get_endpoint_logs/", { id: 1, tail: 1 });
    expect(logs.info1).toMatch(/^\S+ worker 7 is idle$/);
    expect(logs.info0).toBe(logs.info1);
  });

  test("of a workergroup are its own", async () => {
    const engine = await startedEngine();
    await call(engine, "POST", "/autojobs/", { endpoint_id: 1 });
    await post(engine, "/worker_status/", workerStatus({ id: 7 }));
    const logs = await inspect(engine, "/get_autogroup_logs/", { id: 2 });
    expect(logs.info1).toMatch(/^\S+ workergroup 2 was added$/);
    expect(Object.keys(logs)).toEqual(["info0", "info1", "trace", "debug"]);
    const error_msg = "no such workergroup: 9";
    expect(await inspect(engine, "/get_autogroup_logs/", { id: 9 })).toEqual({ error_msg, error: error_msg });
  });
});

test("a worker that has not loaded has a number wherever there is one", async () => {
  const engine = await startedEngine();
  await post(engine, "/worker_status/", workerStatus({ id: 7, max_perf: 0 }));
  const [worker] = (await inspect(engine, "/get_endpoint_workers/", { id: 1 })) as unknown as [object];
  const { status, gpu_name, ...numbers } = worker as Record<string, unknown>;
  expect([status, gpu_name]).toEqual(["loading", "unknown"]);
  expect(Object.values(numbers).map((value) => typeof value)).toEqual(
    Object.keys(numbers).map(() => "number"),
  );
});

test("an idle connection is kept for more than 75 s", async () => {
  const engine = await startedEngine();
  const response = await fetch(`${engine.url}/pubkey/`);
  await response.text();
  expect(Number(/timeout=(\d+)/.exec(response.headers.get("keep-alive") ?? "")?.[1])).toBeGreaterThan(75);
});

test("the root certificate that Python's clients fetch first is one of the engine's key", async () => {
  const engine = await startedEngine();
  const response = await fetch(`${engine.url}/static/jvastai_root.cer`);
  const pem = await response.text();
  const certificate = new X509Certificate(pem);
  expect(certificate).toMatchObject({ ca: true, subject: "CN=tsworker engine" });
  expect(certificate.verify(createPublicKey(engine.publicKey))).toBe(true);
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  expect(createSecureContext({ ca: pem })).toBeDefined();
});
