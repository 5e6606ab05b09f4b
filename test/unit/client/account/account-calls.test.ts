import { describe, expect, test } from "vitest";
import { Serverless } from "../../../../src/client/index.js";

/** A client whose web service and engine answer with a body. */
function client(answer: unknown, { status = 200, webUrl = "http://web" as string | null } = {}) {
  const calls: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const key = new Headers(init?.headers).get("authorization");
    const body: unknown = init?.body === undefined ? undefined : JSON.parse(String(init.body));
    calls.push([init?.method, String(input), key, ...(body === undefined ? [] : [body])]);
    return Response.json(answer, { status });
  };
  return {
    calls,
    serverless: new Serverless({ apiKey: "account", engineUrl: "http://engine", webUrl, fetch }),
  };
}

const KEY = "Bearer account";

describe("the account's calls", () => {
  test("change a workergroup", async () => {
    const { calls, serverless } = client({ success: true });
    await serverless.updateWorkergroup(5, { template_hash: "abc", gpu_ram: 24 });
    expect(calls).toEqual([
      [
        "PUT",
        "http://web/api/v0/workergroups/5/",
        KEY,
        { client_id: "me", template_hash: "abc", gpu_ram: 24, autojob_id: 5 },
      ],
    ]);
  });

  test("start and cancel a rolling update of workers, at the engine", async () => {
    const { calls, serverless } = client({ success: true, updating: 2 });
    expect(await serverless.updateWorkers(5)).toEqual({ success: true, updating: 2 });
    await serverless.updateWorkers(5, { cancel: true });
    const body = { workergroup_id: 5, api_key: "account" };
    expect(calls).toEqual([
      ["POST", "http://engine/update_workers/", KEY, body],
      ["POST", "http://engine/update_workers/", KEY, { ...body, cancel_update: true }],
    ]);
  });

  test("send what the hosted service requires", async () => {
    const { calls, serverless } = client({ success: true, id: 9, result: 7 });
    expect(await serverless.createWorkergroup({ endpoint_id: 7, template_id: 3 })).toBe(9);
    expect(await serverless.createEndpoint({ endpoint_name: "llm", min_load: 5 })).toBe(7);
    await serverless.updateEndpoint(7, { endpoint_state: "suspended" });
    await serverless.deleteEndpoint(7);
    await serverless.deleteWorkergroup(9);
    expect(calls).toEqual([
      [
        "POST",
        "http://web/api/v0/workergroups/",
        KEY,
        { client_id: "me", search_params: "", endpoint_id: 7, template_id: 3 },
      ],
      ["POST", "http://web/api/v0/endptjobs/", KEY, { client_id: "me", endpoint_name: "llm", min_load: 5 }],
      [
        "PUT",
        "http://web/api/v0/endptjobs/7/",
        KEY,
        { client_id: "me", endpoint_state: "suspended", endptjob_id: 7 },
      ],
      ["DELETE", "http://web/api/v0/endptjobs/7/", KEY, { client_id: "me", endptjob_id: 7 }],
      ["DELETE", "http://web/api/v0/workergroups/9/", KEY, { client_id: "me", autojob_id: 9 }],
    ]);
  });

  test.each([
    [{ success: false, msg: "no such template" }, 200, "ENGINE_REFUSED", "answered 200: no such template"],
    [{ success: false, error: "x", msg: "not yours" }, 403, "ENGINE_REFUSED", "answered 403: not yours"],
    [{ error_msg: "no such endpoint" }, 400, "ENGINE_REFUSED", "answered 400: no such endpoint"],
    [{ success: true }, 200, "ENGINE_INVALID", "expected an id from the engine"],
    [{}, 503, "ENGINE_UNREACHABLE", "answered 503"],
  ])("report %j with %i as %s", async (answer, status, code, message) => {
    const { serverless } = client(answer, { status });
    await expect(serverless.createEndpoint({ endpoint_name: "llm" })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test("need a web service", async () => {
    const { calls, serverless } = client({}, { webUrl: null });
    await expect(serverless.getEndpoints()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(calls).toEqual([]);
  });

  test("end with their signal", async () => {
    const { serverless } = client({ success: true, results: [] });
    const signal = AbortSignal.abort(new Error("no longer wanted"));
    const fetch: typeof globalThis.fetch = async (_, init) => Promise.reject(init?.signal?.reason);
    await expect(new Serverless({ apiKey: "key", fetch }).getEndpoints({ signal })).rejects.toThrow(
      "no longer",
    );
    expect(await serverless.getEndpoints()).toEqual([]);
  });
});
