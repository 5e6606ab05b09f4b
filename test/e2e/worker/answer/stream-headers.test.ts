import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunked, plain } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const handlers = [
  { route: "/go", allowParallelRequests: true, maxQueueTime: null },
  { route: "/generated", allowParallelRequests: true, maxQueueTime: null, responseGenerator: "passOn" },
  { route: "/counts", allowParallelRequests: true, maxQueueTime: null, remoteFunction: "counts" },
] as const;

let fixture: WorkerFixture;
let plainFixture: WorkerFixture;
beforeAll(async () => {
  [fixture, plainFixture] = await Promise.all([
    WorkerFixture.start({ handlers }),
    WorkerFixture.start({ handlers, config: { streamHeaders: false } }),
  ]);
});
afterAll(() => Promise.all([fixture.stop(), plainFixture.stop()]));

/** The two headers of an answer of the model's with this content type, and maybe more of its own. */
async function headersOf(on: WorkerFixture, route: string, own: readonly string[], isWhole = false) {
  on.model.on(route, isWhole ? plain({ headers: own, body: "{}" }) : chunked(own, ["data: 1\n\n"]));
  const { headers, rawHeaders, status } = await on.post(route, { upTo: 1 });
  expect(status).toBe(200);
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  expect(new Set(names).size, "no header twice").toBe(names.length);
  return [headers["cache-control"], headers["x-accel-buffering"]];
}

describe("streams that lack the headers against buffering get them", () => {
  test.each([
    "text/event-stream",
    "Text/Event-Stream; charset=utf-8",
    "application/x-ndjson",
    "application/jsonl",
    "application/vnd.amazon.eventstream",
  ])("%s", async (type) => {
    const own = ["content-type", type];
    expect(await headersOf(fixture, "/go", own)).toEqual(["no-cache", "no"]);
    expect(await headersOf(fixture, "/generated", own)).toEqual(["no-cache", "no"]);
  });

  test("of which the model sends one itself", async () => {
    const own = ["content-type", "text/event-stream", "Cache-Control", "no-store"];
    expect(await headersOf(fixture, "/go", own)).toEqual(["no-store", "no"]);
    const both = [...own, "X-Accel-Buffering", "yes"];
    expect(await headersOf(fixture, "/go", both)).toEqual(["no-store", "yes"]);
  });

  test("from a function that yields", async () => {
    expect(await headersOf(fixture, "/counts", [])).toEqual(["no-cache", "no"]);
  });
});

describe("there are none", () => {
  test.each([
    ["for JSON", false],
    ["for JSON that is whole", true],
  ])("%s", async (_, isWhole) => {
    const own = ["content-type", "application/json"];
    expect(await headersOf(fixture, "/go", own, isWhole)).toEqual([undefined, undefined]);
  });

  test("where they are switched off", async () => {
    const own = ["content-type", "text/event-stream"];
    expect(await headersOf(plainFixture, "/go", own)).toEqual([undefined, undefined]);
    expect(await headersOf(plainFixture, "/generated", own)).toEqual([undefined, undefined]);
    expect(await headersOf(plainFixture, "/counts", [])).toEqual([undefined, undefined]);
  });
});
