import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { raw } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const ORIGIN = "https://app.example.com";
const ROUTE = { route: "/go", allowParallelRequests: true };

/** Sends a request with headers of the test's own, which `fetch` would refuse to send. */
function sent(url: string, method: string, headers: Readonly<Record<string, string>>, body = "") {
  return new Promise<{ status: number; headers: Readonly<Record<string, unknown>> }>((resolve, reject) => {
    const asking = request(url, { method, headers }, (answer) => {
      answer.resume().once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    });
    asking.once("error", reject).end(body);
  });
}

const preflight = (fixture: WorkerFixture, origin: string) =>
  sent(`${fixture.worker.url}/go`, "OPTIONS", {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
  });

const post = (fixture: WorkerFixture, origin: string, route = "/go") =>
  sent(`${fixture.worker.url}${route}`, "POST", { origin }, JSON.stringify(fixture.envelope()));

describe("a worker that lets an origin in", () => {
  let fixture: WorkerFixture;

  beforeAll(async () => {
    fixture = await WorkerFixture.start({ handlers: [ROUTE], config: { cors: [ORIGIN] } });
  });
  afterAll(() => fixture.stop());

  test("a worker that allows an origin", async () => {
    expect(await preflight(fixture, ORIGIN)).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "*",
        vary: "origin",
      },
    });
  });

  test("lets its pages read answers, with all their headers", async () => {
    expect(await post(fixture, ORIGIN)).toMatchObject({
      status: 200,
      headers: { "access-control-allow-origin": ORIGIN, "access-control-expose-headers": "*" },
    });
  });

  test("lets its pages read refusals", async () => {
    expect(await post(fixture, ORIGIN, "/no-such-route")).toMatchObject({
      status: 404,
      headers: { "access-control-allow-origin": ORIGIN },
    });
  });

  test("replaces the headers of the model for this", async () => {
    fixture.model.on(
      "/go",
      raw(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nx-own: 1\r\nvary: accept\r\ncontent-length: 2\r\n\r\n{}",
      ),
    );
    expect((await post(fixture, ORIGIN)).headers).toMatchObject({
      "access-control-allow-origin": ORIGIN,
      "x-own": "1",
      vary: "accept, origin",
    });
  });

  test("sends no such header to another origin, nor without an origin, whatever the model sends", async () => {
    for (const answer of [
      await preflight(fixture, "https://other.example"),
      await post(fixture, "https://other.example"),
      await post(fixture, ""),
    ]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect((await preflight(fixture, "https://other.example")).status).toBe(405);
  });

  test("serves as ever", () => fixture.expectServing());
});

describe("a worker without the option", () => {
  test("lets no page in", async () => {
    const fixture = await WorkerFixture.start({ handlers: [ROUTE] });
    try {
      const answer = await preflight(fixture, ORIGIN);
      expect(answer.status).toBe(405);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    } finally {
      await fixture.stop();
    }
  });
});
