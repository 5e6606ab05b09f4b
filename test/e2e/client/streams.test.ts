import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

/** An endpoint whose worker answers with a body. */
const answering = (body: string, type?: string) =>
  tinyEndpoint((response) => response.writeHead(200, type ? { "content-type": type } : {}).end(body));

async function eventsOf(stream: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe("an answer as a stream", () => {
  test.each([
    ["server-sent events, up to [DONE]", "text/event-stream", 'data: {"n":1}\n\ndata: 2\n\ndata: [DONE]\n\n'],
    ["lines of JSON", "application/x-ndjson", '{"n":1}\n\n2'],
    ["lines of JSON by their other name", "application/jsonl; charset=utf-8", '{"n":1}\r\n2\r\n'],
  ])("gives the parsed %s", async (_, type, body) => {
    const { endpoint } = await answering(body, type);
    const stream = await endpoint.request("/go", {}, { stream: true });
    expect(stream).toMatchObject({ ok: true, status: 200, requestIdx: 1 });
    expect(await eventsOf(stream)).toEqual([{ n: 1 }, 2]);
  });

  test("yields JSON that is no stream as one event", async () => {
    const { endpoint } = await answering('{\n  "n": 1\n}', "application/json");
    expect(await eventsOf(await endpoint.request("/go", {}, { stream: true }))).toEqual([{ n: 1 }]);
  });

  test("has its bytes", async () => {
    const { endpoint } = await answering("data: 1\n\n", "text/event-stream");
    let text = "";
    for await (const bytes of (await endpoint.request("/go", {}, { stream: true })).bytes()) {
      text += new TextDecoder().decode(bytes);
    }
    expect(text).toBe("data: 1\n\n");
  });

  test("does not wait for the end of an answer that continues after [DONE]", async () => {
    const { endpoint } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\ndata: [DONE]\n\n");
    });
    expect(await eventsOf(await endpoint.request("/go", {}, { stream: true }))).toEqual([1]);
  });

  test("is an error where an event is not JSON", async () => {
    const { endpoint } = await answering("data: oops\n\n", "text/event-stream");
    await expect(eventsOf(await endpoint.request("/go", {}, { stream: true }))).rejects.toMatchObject({
      code: "ANSWER_INVALID",
      message: expect.stringContaining("got: oops"),
    });
  });

  test.each([
    ["server-sent events", "text/event-stream", "data: 1\n\ndata: oops\n\ndata: 2\n\n"],
    ["lines", "application/x-ndjson", "1\noops\n2\n"],
  ])("skips and reports invalid JSON in %s, where the caller wants it", async (_, type, body) => {
    const { endpoint } = await answering(body, type);
    const invalid: unknown[] = [];
    const onInvalidEvent = (...parameters: readonly unknown[]) => void invalid.push(parameters);
    const stream = await endpoint.request("/go", {}, { stream: true, onInvalidEvent });
    expect(await eventsOf(stream)).toEqual([1, 2]);
    expect(invalid).toMatchObject([[{ code: "ANSWER_INVALID" }, "oops"]]);
  });

  test("is an error where the worker refused", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.writeHead(422).end('{"error":"no"}'));
    await expect(eventsOf(await endpoint.request("/go", {}, { stream: true }))).rejects.toMatchObject({
      code: "WORKER_REFUSED",
      message: expect.stringContaining('answered 422: {"error":"no"}'),
    });
  });

  test("breaks off with the signal's reason, and disconnects from the worker", async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const { endpoint } = await tinyEndpoint((response) => {
      closed = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const reading = (async () => {
      const stream = await endpoint.request("/go", {}, { stream: true, signal: controller.signal });
      for await (const _ of stream) controller.abort(new Error("no longer wanted"));
    })();
    await expect(reading).rejects.toThrow("no longer wanted");
    await closed;
  });

  test("disconnects from the worker when its loop is left", async () => {
    let closed: Promise<unknown> | undefined;
    const { endpoint } = await tinyEndpoint((response) => {
      closed = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    for await (const _ of await endpoint.request("/go", {}, { stream: true })) break;
    await closed;
  });
});
