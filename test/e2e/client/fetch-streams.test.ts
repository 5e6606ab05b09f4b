import { once } from "node:events";
import type { ServerResponse } from "node:http";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { SOON, tinyEndpoint } from "../../support/tiny-endpoint.js";

/** An endpoint whose worker is controlled by the test. */
async function held(type: string, length?: number) {
  const answers: ServerResponse[] = [];
  const { endpoint } = await tinyEndpoint((response) => {
    const headers = { "content-type": type, ...(length !== undefined && { "content-length": length }) };
    response.writeHead(200, headers).write("first");
    answers.push(response);
  });
  return { endpoint, answers };
}

const INIT = { method: "POST", body: "{}" };

describe("the body of endpoint.fetch is passed on as the worker sends it", () => {
  test.each([
    ["audio/mpeg"],
    ["audio/mpeg", 10],
    ["application/octet-stream", 10],
    ["application/x-ndjson"],
    ["text/plain; charset=utf-8"],
    ["video/mp4"],
    ["application/json"],
    [""],
  ])("%s", async (type, length?: number) => {
    const { endpoint, answers } = await held(type, length);
    const response = await endpoint.fetch(`${endpoint.openaiUrl}/go`, INIT);
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("first");
    // The worker continues only now.
    answers[0]?.end(" and.");
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(" and.");
    expect((await reader?.read())?.done).toBe(true);
    expect(response.headers.get("content-type") ?? "").toBe(type);
  });

  test("speech, through the openai package", async () => {
    const { endpoint, answers } = await held("audio/mpeg");
    const openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });
    const speech = await openai.audio.speech.create({ model: "m", voice: "alloy", input: "Hi" });
    const reader = speech.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    answers[0]?.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  test("no faster than it is read", async () => {
    let written = 0;
    const { endpoint } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      const piece = Buffer.alloc(100_000);
      const write = (): void => {
        do written += piece.length;
        while (response.write(piece));
      };
      response.on("drain", write);
      write();
    });
    const response = await endpoint.fetch(`${endpoint.openaiUrl}/go`, INIT);
    let before = -1;
    await eventually(
      () => {
        const isStill = before === written;
        before = written;
        return isStill;
      },
      { intervalMs: 200 },
    );
    expect(written).toBeLessThan(50_000_000);
    await response.body?.cancel();
  });
});

test.each(["cancel", "abort"])("a body that ends by %s disconnects from the worker", async (how) => {
  const { endpoint, answers } = await held("audio/mpeg");
  const controller = new AbortController();
  const response = await endpoint.fetch(`${endpoint.openaiUrl}/go`, { ...INIT, signal: controller.signal });
  const closed = answers[0] && once(answers[0], "close");
  if (how === "cancel") await response.body?.cancel();
  else {
    controller.abort(new Error("no longer wanted"));
    await expect(response.text()).rejects.toThrow("no longer wanted");
  }
  await closed;
});

test("JSON of known length that breaks off is requested again", async () => {
  const { endpoint, worker } = await tinyEndpoint((response, _, tries) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 7 });
    if (tries === 1) response.write('{"n"', () => response.destroy());
    else response.end('{"n":1}');
  });
  const fetch = endpoint.fetchWith({ retry: SOON });
  expect(await (await fetch(`${endpoint.openaiUrl}/go`, INIT)).json()).toEqual({ n: 1 });
  expect(worker.seen.length).toBe(2);
});

test("the openai package ignores comments, and throws an error event", async () => {
  const chunk = JSON.stringify({ choices: [{ delta: { content: "Hi" } }] });
  const error = { message: "the model is unreachable or broke off", type: "server_error", code: 502 };
  const { endpoint } = await tinyEndpoint((response) =>
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .end(
        `: keep-alive\n\n: keep-alive\n\ndata: ${chunk}\n\n: keep-alive\n\ndata: ${JSON.stringify({ error })}\n\ndata: [DONE]\n\n`,
      ),
  );
  const openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });
  const messages = [{ role: "user" as const, content: "Hi" }];
  const seen: unknown[] = [];
  const reading = (async () => {
    const stream = await openai.chat.completions.create({ model: "m", messages, stream: true });
    for await (const { choices } of stream) seen.push(choices[0]?.delta.content);
  })();
  await expect(reading).rejects.toThrow(error.message);
  expect(seen).toEqual(["Hi"]);
});
