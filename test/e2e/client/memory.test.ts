import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { collectGarbage } from "../../support/collect-garbage.js";
import { eventually } from "../../support/eventually.js";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

const WORKER = { endpoint: "llm", url: "http://worker", signature: "s", cost: 1, reqnum: 1, request_idx: 3 };

test("a signal that all requests share does not leak memory", async () => {
  const fetch = async (url: unknown) => Response.json(String(url).endsWith("/route/") ? WORKER : {});
  const endpoint = new Serverless({ apiKey: "key", engineUrl: "http://engine", fetch }).endpoint("llm");
  const { signal } = new AbortController();
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", onWarning);
  const heapAfter = async (count: number): Promise<number> => {
    for (let sent = 0; sent < count; sent += 100) {
      await Promise.all(Array.from({ length: 100 }, () => endpoint.request("/go", {}, { signal })));
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(5_000);
  const grownBy = (await heapAfter(20_000)) - before;
  process.off("warning", onWarning);
  // With `AbortSignal.any` it is about 5 MB.
  expect(grownBy).toBeLessThan(1_500_000);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(warnings).toEqual([]);
}, 60_000);

test("a stream that is garbage-collected unread releases its slot, and disconnects from the worker", async () => {
  let left = 0;
  const { endpoint } = await tinyEndpoint(
    (response, _seen, tries) => {
      if (tries > 1) return void response.end("{}");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      response.on("close", () => {
        left += 1;
      });
    },
    { maxConcurrency: 1 },
  );
  await endpoint.request("/go", {}, { stream: true });
  const next = endpoint.request("/go", {});
  await eventually(
    () => {
      collectGarbage();
      return next.status === "complete" && left === 1;
    },
    { intervalMs: 50 },
  );
});
