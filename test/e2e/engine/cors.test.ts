import { request } from "node:http";
import { expect, test } from "vitest";
import { Engine } from "../../../src/engine/index.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { SLOW } from "../../support/process-engine.js";
import { startedEngine } from "../../support/started-engine.js";

const ORIGIN = "https://app.example.com";

/** Sends a request with headers of the test's own, which `fetch` would refuse to send. */
function sent(url: string, method: string, headers: Readonly<Record<string, string>>, body = "") {
  return new Promise<{ status: number; headers: Readonly<Record<string, unknown>> }>((resolve, reject) => {
    const asking = request(url, { method, headers }, (answer) => {
      answer.resume().once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    });
    asking.once("error", reject).end(body);
  });
}

const preflight = (engine: Engine, path: string, origin: string, method: string) =>
  sent(`${engine.url}${path}`, "OPTIONS", {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": "authorization,content-type",
  });

const allowing = (headers: Readonly<Record<string, unknown>>) =>
  Object.keys(headers).filter((name) => name.startsWith("access-control"));

test.each([
  ["/route/", "POST"],
  ["/api/v0/endptjobs/1/", "PUT"],
  ["/api/v0/workergroups/1/", "DELETE"],
])("a page of an allowed origin may send JSON and its key to %s", async (path, method) => {
  const engine = await startedEngine({ cors: [ORIGIN] });
  const { status, headers } = await preflight(engine, path, ORIGIN, method);
  expect(status).toBe(204);
  expect(headers).toMatchObject({ "access-control-allow-origin": ORIGIN, vary: "origin" });
  expect(headers["access-control-allow-methods"]).toContain(method);
  // `*` does not include this one.
  expect(headers["access-control-allow-headers"]).toBe("*, authorization");
});

test("it may read answers, and refusals", async () => {
  const engine = await startedEngine({ cors: [ORIGIN] });
  for (const [key, status] of [
    ["key", 200],
    ["wrong", 400],
  ] as const) {
    const body = JSON.stringify({ endpoint: "endpoint", api_key: key });
    expect(await sent(`${engine.url}/route/`, "POST", { origin: ORIGIN }, body)).toMatchObject({
      status,
      headers: { "access-control-allow-origin": ORIGIN, "access-control-expose-headers": "*" },
    });
  }
});

test("with * any page is allowed", async () => {
  const engine = await startedEngine({ cors: ["*"] });
  const { headers } = await preflight(engine, "/route/", "https://other.example", "POST");
  expect(headers).toMatchObject({ "access-control-allow-origin": "https://other.example" });
});

test("another page is not, and none is without the option", async () => {
  for (const engine of [await startedEngine({ cors: [ORIGIN] }), await startedEngine()]) {
    const { status, headers } = await preflight(engine, "/route/", "https://other.example", "POST");
    expect(status).toBe(403);
    expect(allowing(headers)).toEqual([]);
    const answer = await sent(`${engine.url}/pubkey/`, "GET", { origin: "https://other.example" });
    expect(answer.status).toBe(403);
    expect(allowing(answer.headers)).toEqual([]);
  }
});

test("the command takes several", async () => {
  const own = ["--endpoint", "endpoint", "--api-key", "key", "--port", "0"];
  const command = tsworker("engine", ...own, "--cors", ORIGIN, "--cors", "http://127.0.0.1:5173");
  const url = await eventually(() => /listening (\S+)/.exec(command.stdout())?.[1] ?? false, SLOW);
  for (const origin of [ORIGIN, "http://127.0.0.1:5173"]) {
    const { headers } = await sent(`${url}/pubkey/`, "GET", { origin });
    expect(headers["access-control-allow-origin"]).toBe(origin);
  }
  const wrong = tsworker("engine", ...own, "--cors", "app.example.com");
  expect(await wrong.exitCode).toBe(1);
  expect(wrong.stderr()).toContain("cors.0: expected an origin such as");
});

test("an invalid origin is an error of the options, reported with the others", () => {
  const options = { endpoint: "", apiKey: "key", port: 70_000, cors: ["https://app.example.com/path"] };
  expect(() => new Engine(options)).toThrow(
    /3 errors:\n {2}endpoint: .*\n {2}port: .*\n {2}cors\.0: expected an origin such as/,
  );
});
