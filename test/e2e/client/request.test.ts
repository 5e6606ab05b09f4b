import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

/** An endpoint with one ready worker that is controlled by the test. */
async function endpointWith(answer: (response: ServerResponse) => void) {
  const engine = await startedEngine();
  const worker = await tinyWorker(answer);
  await worker.announce(engine);
  const endpoint = new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
  return { engine, worker, endpoint };
}

describe("a client", () => {
  test("sends the worker the payload and the engine's answer, unchanged", async () => {
    const { engine, worker, endpoint } = await endpointWith((response) => response.end('{"text":"hi"}'));
    let routed: unknown;
    engine.on("routed", (answer) => {
      routed = answer;
    });
    const payload = { prompt: "hello", max_tokens: 5 };
    const answer = await endpoint.request("/v1/completions", payload, { cost: 5 });
    expect(await answer.json()).toEqual({ text: "hi" });
    expect(answer).toMatchObject({ ok: true, status: 200, url: worker.url, requestIdx: 1 });
    expect(worker.seen).toMatchObject([
      { path: "/v1/completions", body: { auth_data: routed, payload, session_id: null } },
    ]);
    expect(worker.seen[0]?.body).toMatchObject({
      auth_data: { cost: 5, signature: engine.sign(worker.url) },
    });
  });

  test("does not send the worker its API key", async () => {
    const { worker, endpoint } = await endpointWith((response) => response.end());
    await endpoint.request("/go", {});
    expect(worker.seen[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(worker.seen)).not.toContain('"key"');
  });

  test("gets the events of a stream as they arrive", async () => {
    let sending: ServerResponse | undefined;
    const { endpoint } = await endpointWith((response) => {
      sending = response;
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    });
    const events = (await endpoint.request("/stream", {})).events();
    expect(await events.next()).toEqual({ value: "one", done: false });
    sending?.end("data: two\n\ndata: [DONE]\n\n");
    expect(await events.next()).toEqual({ value: "two", done: false });
    expect(await events.next()).toEqual({ value: "[DONE]", done: false });
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  test("closes the connection when it leaves a stream early", async () => {
    let closed: Promise<unknown> | undefined;
    const { endpoint } = await endpointWith((response) => {
      closed = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    });
    for await (const event of (await endpoint.request("/stream", {})).events()) {
      expect(event).toBe("one");
      break;
    }
    await closed;
  });

  test("notices a stream that breaks off", async () => {
    const { endpoint } = await endpointWith((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: one\n\n", () => response.destroy());
    });
    const events = (await endpoint.request("/stream", {})).events();
    await expect(
      (async () => {
        for await (const event of events) expect(event).toBe("one");
      })(),
    ).rejects.toThrow();
  });

  test("gets a worker's refusal as an answer that is not ok", async () => {
    const { endpoint } = await endpointWith((response) =>
      response.writeHead(429).end('{"error":"too many"}'),
    );
    const answer = await endpoint.request("/go", {}, { retry: false });
    expect(answer).toMatchObject({ ok: false, status: 429 });
    expect(await answer.json()).toEqual({ error: "too many" });
  });

  test("gets an error from the events of a refusal", async () => {
    const { endpoint } = await endpointWith((response) =>
      response.writeHead(429).end('{"error":"too many"}'),
    );
    const answer = await endpoint.request("/go", {}, { retry: false });
    await expect(answer.events().next()).rejects.toMatchObject({
      code: "WORKER_REFUSED",
      message: expect.stringContaining('answered 429: {"error":"too many"}'),
    });
  });

  test("gets an error about a worker that cannot be reached", async () => {
    const { endpoint } = await endpointWith((response) => response.destroy());
    await expect(endpoint.request("/go", {}, { retry: false })).rejects.toMatchObject({
      code: "WORKER_UNREACHABLE",
    });
  });

  test("disconnects from a silent worker when its signal is aborted", async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const { endpoint } = await endpointWith((response) => {
      closed = once(response, "close");
      controller.abort(new Error("no longer wanted"));
    });
    await expect(endpoint.request("/go", {}, { signal: controller.signal })).rejects.toThrow(
      "no longer wanted",
    );
    await closed;
  });

  test("uses the given fetch", async () => {
    const asked: string[] = [];
    const own: typeof fetch = async (input) => {
      asked.push(String(input));
      if (String(input).includes("endptjobs")) return Response.json({ success: true, results: [] });
      return Response.json({
        endpoint: "e",
        url: "http://w/",
        signature: "s",
        cost: "1",
        reqnum: 1,
        request_idx: 3,
      });
    };
    const serverless = new Serverless({ apiKey: "key", engineUrl: "http://engine/", fetch: own });
    const answer = await serverless.endpoint("e").request("v1/x", {});
    expect(asked).toEqual([
      "http://engine/api/v0/endptjobs/?client_id=me",
      "http://engine/route/",
      "http://w/v1/x",
    ]);
    expect(answer.requestIdx).toBe(3);
  });
});
