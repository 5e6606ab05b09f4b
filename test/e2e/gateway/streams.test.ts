import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ask, open } from "../../support/http-client.js";
import { startedEngine } from "../../support/started-engine.js";
import { startedGateway } from "../../support/started-gateway.js";
import { tinyWorker } from "../../support/tiny-worker.js";

const PIECE = Buffer.alloc(64 * 1024, "x");
/** More than the buffers of all sockets on the way. */
const HELD = 60 * 1024 * 1024;

describe.each(["uws", "node"] as const)("with the server %s", (server) => {
  async function gatewayTo(answer: (response: ServerResponse) => void) {
    const engine = await startedEngine();
    const worker = await tinyWorker(answer);
    await worker.announce(engine);
    const gateway = await startedGateway(engine.url, { server });
    return { worker, gateway, url: `${gateway.url}/v1/completions` };
  }

  test("an event arrives before the next one is sent", async () => {
    let response: ServerResponse | undefined;
    const { url } = await gatewayTo((opened) => {
      response = opened.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const stream = await open(url, { body: { stream: true } });
    expect(stream.headers).toMatchObject({ "cache-control": "no-cache", "x-accel-buffering": "no" });
    expect(String((await once(stream, "data"))[0])).toBe("data: 1\n\n");
    response?.write("data: 2\n\n");
    expect(String((await once(stream, "data"))[0])).toBe("data: 2\n\n");
    response?.end();
    await once(stream, "end");
  });

  test("a client that does not read holds the worker back", async () => {
    let written = 0;
    let isGone = false;
    const { url } = await gatewayTo((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.on("close", () => {
        isGone = true;
      });
      const send = (): void => {
        do written += PIECE.length;
        while (!isGone && response.write(PIECE));
      };
      response.on("drain", send);
      send();
    });
    const stream = await open(url, { body: { stream: true } });
    stream.pause();
    await eventually(async () => {
      const before = written;
      await pause(300);
      expect(written).toBe(before);
    });
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(HELD);
    const held = written;
    stream.resume();
    await eventually(() => written > held + HELD);
    stream.destroy();
    await eventually(() => isGone);
  });

  test("a client that leaves closes the connection to the worker", async () => {
    let isClosed = false;
    const { url, gateway } = await gatewayTo((response) => {
      response.on("close", () => {
        isClosed = true;
      });
    });
    const leaving = new AbortController();
    const asking = fetch(url, { method: "POST", body: "{}", signal: leaving.signal });
    await eventually(() => gateway.active === 1);
    await pause(50);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await eventually(() => isClosed);
    await eventually(() => gateway.active === 0);
  });

  test("a large body arrives whole, and a large answer too", async () => {
    const { url, worker } = await gatewayTo((response) =>
      response.writeHead(200, { "content-type": "image/png" }).end(Buffer.alloc(5_000_000, "y")),
    );
    const image = "z".repeat(20_000_000);
    const reply = await ask(url, { body: { image } });
    expect([reply.status, reply.body.length, reply.complete]).toEqual([200, 5_000_000, true]);
    expect(worker.seen[0]?.body).toMatchObject({ payload: { image } });
  });
});
