import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { httpFetch } from "../../../src/load/http-fetch.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { readBody } from "../../../src/shared/read-body.js";
import { eventually } from "../../support/eventually.js";

/** A server that answers as defined by the test. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  let connections = 0;
  const server = createServer(answer).on("connection", () => {
    connections += 1;
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  return { url, connections: () => connections };
}

describe("the load tester's fetch", () => {
  test("sends and receives what the global one does", async () => {
    const { url } = await serving(async (request, response) => {
      const body = (await readBody(request, 1000)).toString();
      response.writeHead(422, { "x-a": ["1", "2"], "content-type": "application/json" });
      response.end(JSON.stringify([request.method, request.url, request.headers.authorization, body]));
    });
    const init = { method: "POST", headers: { authorization: "Bearer key" }, body: "é😀" };
    for (const each of [httpFetch(), fetch]) {
      const response = await each(`${url}/go?a=b`, init);
      expect([response.ok, response.status, response.headers.get("x-a")]).toEqual([false, 422, "1, 2"]);
      expect(await response.json()).toEqual(["POST", "/go?a=b", "Bearer key", "é😀"]);
    }
  });

  test("keeps a connection for the next request", async () => {
    const { url, connections } = await serving((_, response) => response.end("a"));
    const get = httpFetch();
    for (let n = 0; n < 5; n += 1) await (await get(url)).text();
    expect(connections()).toBe(1);
  });

  test.each([204, 304])("takes an answer of %i, which has no body", async (status) => {
    const { url, connections } = await serving((_, response) => response.writeHead(status).end());
    const get = httpFetch();
    expect((await get(url)).body).toBeNull();
    expect((await get(url)).status).toBe(status);
    expect(connections()).toBe(1);
  });

  test("follows no redirect", async () => {
    const { url } = await serving((_, response) => response.writeHead(307, { location: "/b" }).end());
    expect((await httpFetch()(url)).headers.get("location")).toBe("/b");
  });

  test("takes no more than is read", async () => {
    let written = 0;
    const { url } = await serving((_, response) => {
      const piece = Buffer.alloc(100_000);
      const write = (): void => {
        do written += piece.length;
        while (response.write(piece));
      };
      response.on("drain", write);
      write();
    });
    const response = await httpFetch()(url);
    const reader = response.body?.getReader();
    await reader?.read();
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
    await reader?.cancel();
  });

  test("rejects with the signal's reason, before the answer and in the middle of it", async () => {
    let left = 0;
    const { url } = await serving((request, response) => {
      response.on("close", () => {
        left += 1;
      });
      if (request.url === "/begun") response.write("a");
    });
    const first = new AbortController();
    const waiting = httpFetch()(`${url}/silent`, { signal: first.signal });
    const second = new AbortController();
    const begun = await httpFetch()(`${url}/begun`, { signal: second.signal });
    for (const each of [first, second]) each.abort(new Error("no longer wanted"));
    await expect(waiting).rejects.toThrow("no longer wanted");
    await expect(begun.text()).rejects.toThrow();
    await expect(httpFetch()(url, { signal: first.signal })).rejects.toThrow("no longer wanted");
    await eventually(() => left === 2);
  });

  test("rejects without a server, and where the answer breaks off", async () => {
    const { url } = await serving((_, response) => response.write("a", () => response.destroy()));
    await expect(httpFetch()("http://127.0.0.1:9")).rejects.toThrow("ECONNREFUSED");
    const response = await httpFetch()(url);
    await expect(response.text()).rejects.toThrow();
  });
});
