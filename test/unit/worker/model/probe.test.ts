import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createActor, toPromise } from "xstate";
import { ModelActivity } from "../../../../src/worker/model/model-activity.js";
import { connectionError, ProbeError, probeHealth, reachPort } from "../../../../src/worker/model/probe.js";
import { freePort } from "../../../support/free-port.js";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Options {
  readonly activity?: ModelActivity;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const probe = (place: string, { activity = new ModelActivity(), timeoutMs = 5000, ...more }: Options = {}) =>
  toPromise(
    createActor(probeHealth({ url: `http://${place}/health`, timeoutMs, activity, ...more })).start(),
  );

/** How a probe fails. */
async function failureOf(probing: Promise<void>): Promise<ProbeError> {
  const error = await probing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProbeError)) throw new Error(`expected a ProbeError, got ${String(error)}`);
  return error;
}

describe("the health URL", () => {
  test("is healthy at 200, probed with the configured headers, over a connection of its own", async () => {
    const seen: unknown[] = [];
    const place = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization, request.headers.connection]);
      response.end("ok");
    });
    await probe(place, { headers: { authorization: "Bearer key" } });
    expect(seen).toEqual([["GET", "/health", "Bearer key", "close"]]);
  });

  test.each([204, 302, 404, 500, 503])("is not at %i", async (status) => {
    const place = await serve((_request, response) => response.writeHead(status).end());
    const { message, failure } = await failureOf(probe(place));
    expect(message).toBe(`health check failed with status ${status}`);
    expect(failure).toEqual({ kind: "unhealthy", isAnswering: false, seen: `${place}: status ${status}` });
  });

  test("is refused where nothing listens", async () => {
    const place = `127.0.0.1:${await freePort()}`;
    const { code, message, failure } = await failureOf(probe(place));
    expect(code).toBe("MODEL_UNREACHABLE");
    expect(message).toBe(`health check failed: ${place}: connection refused`);
    expect(failure.kind).toBe("refused");
  });

  test("times out where no answer comes, and reports whether the model answers others", async () => {
    const place = await serve(() => {});
    const activity = new ModelActivity();
    const silent = await failureOf(probe(place, { timeoutMs: 50, activity }));
    expect(silent.code).toBe("MODEL_TIMEOUT");
    expect(silent.message).toBe(`health check failed: ${place}: no answer within 0.05 s`);
    expect(silent.failure).toMatchObject({ kind: "timeout", isAnswering: false });
    const probing = failureOf(probe(place, { timeoutMs: 50, activity }));
    activity.chunks++;
    expect((await probing).failure).toMatchObject({ kind: "timeout", isAnswering: true });
  });

  test("is ill where the connection breaks off", async () => {
    const place = await serve((request) => request.socket.destroy());
    expect((await failureOf(probe(place))).failure.kind).toBe("unhealthy");
  });

  test("is well where the body of its 200 does not end, or is large", async () => {
    const endless = await serve((_request, response) =>
      response.writeHead(200).write("x".repeat(1024 * 1024)),
    );
    await probe(endless);
  });
});

describe("the model's port", () => {
  test("accepts connections", async () => {
    const place = await serve(() => {});
    await toPromise(createActor(reachPort(`http://${place}`, new ModelActivity())).start());
    expect(await connectionError(new URL(`http://${place}`))).toBeUndefined();
  });

  test("or refuses them", async () => {
    const place = `127.0.0.1:${await freePort()}`;
    const probing = toPromise(createActor(reachPort(`http://${place}`, new ModelActivity())).start());
    const { message, failure } = await failureOf(probing);
    expect(message).toBe(`the model at ${place} accepts no connections: connection refused`);
    expect(failure).toEqual({ kind: "refused", isAnswering: false, seen: `${place}: connection refused` });
  });
});
