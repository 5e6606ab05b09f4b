import { describe, expect, test } from "vitest";
import { Serverless, type ServerlessOptions } from "../../../../src/client/index.js";

const ENDPOINTS = {
  success: true,
  results: [
    { id: 7, endpoint_name: "llm", api_key: "endpoint-key" },
    { id: 8, endpoint_name: "other", api_key: "other-key" },
  ],
};
const WORKER = {
  endpoint: "llm",
  url: "http://worker",
  signature: "s",
  cost: "1",
  reqnum: 1,
  request_idx: 3,
};

interface Call {
  readonly url: string;
  readonly key: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A client with a fake service, engine and worker. */
function fakes(
  answers: Readonly<Record<string, () => Response | Promise<Response>>>,
  options: Partial<ServerlessOptions> = {},
) {
  const calls: Call[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input);
    const key = new Headers(init?.headers).get("authorization")?.replace("Bearer ", "");
    const body = init?.body ? (JSON.parse(String(init.body)) as Call["body"]) : {};
    calls.push({ url, key, body });
    const match = Object.entries(answers).find(([part]) => url.includes(part));
    if (match) return match[1]();
    return url.startsWith("http://worker") ? Response.json({}) : Response.json(WORKER);
  };
  const urls = { engineUrl: "http://engine", webUrl: "http://web" };
  const serverless = new Serverless({ apiKey: "account-key", ...urls, fetch, ...options });
  const to = (part: string) => calls.filter(({ url }) => url.includes(part));
  return { calls, to, serverless };
}

const found = { endptjobs: () => Response.json(ENDPOINTS) };

describe("an account's key", () => {
  test("finds the endpoint's own, which is sent to the engine", async () => {
    const { serverless, to } = fakes(found);
    await serverless.endpoint("llm").request("/go", {});
    expect(to("http://web")).toMatchObject([
      { url: "http://web/api/v0/endptjobs/?client_id=me", key: "account-key" },
    ]);
    expect(to("/route/")).toMatchObject([{ key: "endpoint-key", body: { api_key: "endpoint-key" } }]);
  });

  test("may be the endpoint's own, as the service reports", async () => {
    const { serverless, to } = fakes(found, { apiKey: "endpoint-key" });
    await serverless.endpoint("llm").request("/go", {});
    expect(to("/route/")).toMatchObject([{ key: "endpoint-key", body: { api_key: "endpoint-key" } }]);
  });

  test("is sent to the service only, and no key to a worker", async () => {
    const { calls, serverless, to } = fakes(found);
    await serverless.endpoint("llm").request("/go", {});
    for (const each of calls) expect(each.url).not.toContain("key");
    expect(JSON.stringify(to("http://engine"))).not.toContain("account-key");
    const [seen] = to("http://worker");
    expect(seen?.key).toBeUndefined();
    expect(JSON.stringify(seen)).not.toMatch(/account-key|endpoint-key/);
  });

  test("is looked up once for all requests, concurrent ones too", async () => {
    const { serverless, to } = fakes(found);
    await Promise.all(["llm", "llm", "other"].map((name) => serverless.endpoint(name).request("/go", {})));
    await serverless.endpoint("other").request("/go", {});
    expect(to("http://web").length).toBe(1);
    expect(to("/route/").at(-1)?.key).toBe("other-key");
  });

  test("is looked up again after the engine has refused the endpoint's key", async () => {
    let tries = 0;
    const { serverless, to } = fakes({
      ...found,
      "/route/": () => {
        tries += 1;
        return tries > 1 ? Response.json(WORKER) : Response.json({ error_msg: "bad key" }, { status: 400 });
      },
    });
    const endpoint = serverless.endpoint("llm");
    await expect(endpoint.request("/go", {})).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
    await endpoint.request("/go", {});
    expect(to("http://web").length).toBe(2);
  });

  test("is still looked up for other requests when one is cancelled", async () => {
    let answer = (_: Response): void => {};
    const { serverless } = fakes({
      endptjobs: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const [first, second] = [1, 2].map(() => serverless.endpoint("llm").request("/go", {}));
    await new Promise((resolve) => setTimeout(resolve));
    first?.cancel();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    answer(Response.json(ENDPOINTS));
    expect((await second)?.ok).toBe(true);
  });

  test.each([
    ["the service does not know it", () => Response.json({ error: "auth" }, { status: 401 })],
    ["there is no such service", () => new Response("not found", { status: 404 })],
    ["the service answers HTML", () => new Response("<html><title>Hi</title>")],
    ["the service is down", () => new Response("", { status: 503 })],
    ["the service cannot be reached", () => Promise.reject(new TypeError("fetch failed"))],
    ["the account has no such endpoint", () => Response.json({ success: true, results: [] })],
  ])("is used itself where %s", async (_, answer) => {
    const { serverless, to } = fakes({ endptjobs: answer });
    await serverless.endpoint("llm").request("/go", {});
    await serverless.endpoint("llm").request("/go", {});
    expect(to("/route/").map(({ key }) => key)).toEqual(["account-key", "account-key"]);
    expect(to("http://web").length).toBe(1);
  });

  test("is used itself without a look-up where there is no service or the endpoint's key is given", async () => {
    const without = fakes({}, { webUrl: null });
    await without.serverless.endpoint("llm").request("/go", {});
    expect(without.to("/route/")).toMatchObject([{ key: "account-key" }]);
    const given = fakes(found);
    await given.serverless.endpoint("llm", { apiKey: "given-key", id: 7 }).request("/go", {});
    expect(given.to("/route/")).toMatchObject([{ key: "given-key" }]);
    expect([...without.to("endptjobs"), ...given.to("endptjobs")]).toEqual([]);
  });

  test("is sent to the engine's own service only, where another engine is configured", async () => {
    const { serverless, calls } = fakes(found, { webUrl: undefined });
    await serverless.endpoint("llm").request("/go", {});
    expect(calls[0]?.url).toBe("http://engine/api/v0/endptjobs/?client_id=me");
  });

  test("that is wrong is reported with the endpoints of the account", async () => {
    const { serverless } = fakes({
      ...found,
      "/route/": () => Response.json({ error_msg: "no such endpoint: llama" }, { status: 400 }),
    });
    await expect(serverless.endpoint("llama").request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringMatching(
        /no such endpoint: llama; check the apiKey and the endpoint's name, "llama" \(.*"llm", "other"\)/,
      ),
    });
  });
});

describe("an endpoint", () => {
  const worker = { id: 1, status: "idle", cur_load: 5, perf: 100 };

  test("lists its workers", async () => {
    const { serverless, to } = fakes({ ...found, get_endpoint_workers: () => Response.json([worker]) });
    expect(await serverless.endpoint("llm").workers()).toEqual([worker]);
    expect(to("get_endpoint_workers")).toMatchObject([{ body: { id: 7, api_key: "endpoint-key" } }]);
  });

  test("returns its log", async () => {
    const logs = { info0: "one", info1: "", trace: "two", debug: "" };
    const { serverless, to } = fakes({ ...found, get_endpoint_logs: () => Response.json(logs) });
    expect(await serverless.endpoint("llm").logs(20)).toEqual(logs);
    expect(to("get_endpoint_logs")).toMatchObject([{ body: { id: 7, api_key: "endpoint-key", tail: 20 } }]);
  });

  test.each([
    ["an error of the protocol", () => Response.json({ error_msg: "no" }), "ENGINE_REFUSED"],
    ["something else", () => Response.json({ a: 1 }), "ENGINE_INVALID"],
    ["HTML", () => new Response("<!doctype html><title>Welcome</title>"), "ENGINE_INVALID"],
    ["503", () => new Response("", { status: 503 }), "ENGINE_UNREACHABLE"],
  ])("reports that the engine answered %s", async (_, answer, code) => {
    const { serverless } = fakes({ ...found, get_endpoint_workers: answer });
    await expect(serverless.endpoint("llm").workers()).rejects.toMatchObject({ code });
  });

  test("without a known id reports what to do", async () => {
    const { serverless } = fakes(found);
    await expect(serverless.endpoint("unknown").workers()).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringMatching(/"llm", "other".*give the id/),
    });
  });
});

describe("a server that is no engine", () => {
  test.each([
    [
      "HTML",
      () => new Response("<!DOCTYPE html><title>Welcome to nginx!</title>"),
      /got 200 with HTML, "Welcome/,
    ],
    ["text", () => new Response("hello", { status: 404 }), /got 404 with hello/],
    ["other JSON", () => Response.json({ a: 1 }), /got \{"a":1\}/],
  ])("and answers %s is reported immediately, with what to do", async (_, answer, message) => {
    const { serverless } = fakes({ ...found, "/route/": answer });
    await expect(serverless.endpoint("llm").request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_INVALID",
      message: expect.stringMatching(message),
    });
  });

  test.each([301, 302, 303, 307, 308])("and answers %i is not followed", async (status) => {
    const { calls, serverless } = fakes({
      ...found,
      "/route/": () => new Response(null, { status, headers: { location: "http://elsewhere/route/" } }),
    });
    await expect(serverless.endpoint("llm").request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_INVALID",
      message: expect.stringMatching(/redirect to http:\/\/elsewhere\/route\/.*name the URL that is meant/),
    });
    expect(calls.filter(({ url }) => url.startsWith("http://elsewhere"))).toEqual([]);
  });

  test.each(["nonsense", "worker:8000", "ftp://worker", "http://"])(
    "names %j as a worker's URL",
    async (url) => {
      const { serverless } = fakes({ ...found, "/route/": () => Response.json({ ...WORKER, url }) });
      await expect(serverless.endpoint("llm").request("/go", {})).rejects.toMatchObject({
        code: "ENGINE_INVALID",
        message: expect.stringContaining(`got ${url}`),
      });
    },
  );

  test("and repeats the key: the key is removed from the message", async () => {
    const refusal = (key: string) => Response.json({ error_msg: `bad key ${key}` }, { status: 400 });
    const { serverless } = fakes({ ...found, "/route/": () => refusal("endpoint-key") });
    await expect(serverless.endpoint("llm").request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringContaining("bad key <the key>"),
    });
  });

  test("and echoes the request: the key is removed from the message", async () => {
    const { serverless } = fakes({ ...found, "/route/": () => Response.json({ api_key: "endpoint-key" }) });
    await expect(serverless.endpoint("llm").request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_INVALID",
      message: expect.not.stringContaining("endpoint-key"),
    });
  });

  test("and cannot be reached is reported with its URL and the reason", async () => {
    const { serverless } = fakes({}, { engineUrl: "http://127.0.0.1:9", webUrl: null, fetch: undefined });
    await expect(serverless.endpoint("llm").request("/go", {}, { timeoutMs: 3000 })).rejects.toMatchObject({
      code: "ENGINE_UNREACHABLE",
      message: expect.stringMatching(/http:\/\/127\.0\.0\.1:9\/route\/.*; check the URL, and that it runs/),
    });
  });
});
