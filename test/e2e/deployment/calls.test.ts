import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/deployment/index.js";
import { Engine } from "../../../src/engine/index.js";
import { startDeploymentWorker } from "../../support/deployment-worker.js";
import { ENGINE_KEY } from "../../support/engine-key.js";
import { eventually } from "../../support/eventually.js";
import { root } from "../../unit/support/documents.js";
import { count, cube, deployment, echo, fails, numbers, square } from "./support/functions.js";

describe("remote functions", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-calls-"));
  const diary = join(folder, "diary");
  const engine = new Engine({ endpoint: "endpoint", apiKey: "key", privateKey: ENGINE_KEY });
  let worker: Awaited<ReturnType<typeof startDeploymentWorker>>;

  beforeAll(async () => {
    const engineUrl = await engine.start();
    deployment.connect({ apiKey: "key", engineUrl });
    worker = await startDeploymentWorker({
      file: root("test/e2e/deployment/support/functions.ts"),
      engineUrl,
      env: { DIARY: diary },
    });
  });
  afterAll(async () => {
    await worker?.stop();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("run on the worker, and return what they return", async () => {
    expect(await square(5)).toBe(25);
    const { pid } = await echo(1);
    expect(pid).toBe(worker.pid);
    // A function that calls another one does so in place.
    expect(await cube(3)).toEqual({ result: 27, pid, squarePid: pid });
  });

  test("cost what their calculator returns, at the engine and on the worker", async () => {
    const costs: unknown[] = [];
    const listen = ({ cost }: { readonly cost: unknown }): unknown => costs.push(cost);
    engine.on("routed", listen);
    await square(-7);
    await echo(1);
    await eventually(() => expect(costs).toEqual([7, 100]));
    engine.off("routed", listen);
  });

  const values = {
    nothing: undefined,
    null: null,
    numbers: [0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, 1.5],
    text: "é😀\u0000",
    date: new Date(1e12),
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1n, "a"])]]),
    bigint: -(2n ** 80n),
    bytes: new Uint8Array([1, 2, 3]),
    buffer: Buffer.from("bytes"),
    floats: new Float32Array([1.5, -2]),
    big: new BigUint64Array([2n ** 63n]),
    error: new TypeError("wrong", { cause: new Error("inner") }),
    object: JSON.parse('{"__proto__": 1, "a": {"b": []}}'),
    large: new Uint8Array(3_000_000).fill(7),
  };
  test.each(Object.entries(values))("take and return %s", async (_, value) => {
    expect((await echo(value)).value).toStrictEqual(value);
  });

  test("refuse an argument that cannot be sent before anything is sent", async () => {
    const requested = engine.totals.requested;
    const bad: Record<string, unknown> = { list: [1, { callback: () => 1 }] };
    await expect(echo(bad)).rejects.toThrow(
      new TypeError(
        "argument 1 of echo, at list[1].callback: expected a value that can be sent, got a function (callback)",
      ),
    );
    const cycle: unknown[] = [];
    cycle.push([cycle]);
    await expect(echo(cycle)).rejects.toThrow(
      "at [0][0]: expected a value that can be sent, got a value that contains itself",
    );
    class User {}
    await expect(echo(new User())).rejects.toThrow(
      "argument 1 of echo: expected a value that can be sent, got an instance of the class User: pass a plain object instead",
    );
    expect(engine.totals.requested).toBe(requested);
  });

  test("reject with the remote error: its name, message, code, cause and stack", async () => {
    const error: unknown = await fails("class").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      name: "RemoteError",
      functionName: "fails",
      remoteName: "Unsendable",
      message: "it failed",
      code: "E_UNSENDABLE",
      cause: { name: "RemoteError", remoteName: "TypeError", message: "because of this" },
    });
    const { remoteStack, stack = "" } = error as RemoteError;
    expect(remoteStack).toMatch(/at .*fails .*functions\.ts:\d+:\d+/);
    expect(stack).toContain(remoteStack);
    // It is printed once, under the name of its class.
    const printed = inspect(error);
    expect(printed).toMatch(/^RemoteError/);
    expect(printed.split(remoteStack.split("\n", 2)[1] ?? "").length).toBe(2);
    await expect(fails("text")).rejects.toMatchObject({ remoteName: "string", message: "only a text" });
    await expect(fails("result")).rejects.toMatchObject({
      remoteName: "TypeError",
      message: "the result of fails, at [1].nested[0]: expected a value that can be sent, got a function",
    });
    const long = (await fails("long").catch((thrown: unknown) => thrown)) as RemoteError;
    expect(long.message.length).toBeLessThan(9_000);
    expect(long.remoteStack.length).toBeLessThan(34_000);
    // The operator sees it, too.
    expect(worker.stderr()).toContain("the remote function fails threw Unsendable: it failed");
  });

  test("stream what generators yield, as it comes, and their return value", async () => {
    const stream = numbers(3);
    expect(await stream.next()).toEqual({ done: false, value: { number: 1, at: new Date(1) } });
    expect(await stream.next()).toEqual({ done: false, value: { number: 2, at: new Date(2) } });
    expect(await stream.next()).toEqual({ done: false, value: { number: 3, at: new Date(3) } });
    expect(await stream.next()).toEqual({ done: true, value: "done" });
  });

  test("end a stream with the remote error, after the values before it", async () => {
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { number } of numbers(5, 3)) seen.push(number);
    };
    await expect(reading()).rejects.toMatchObject({ remoteName: "RangeError", message: "no 3" });
    expect(seen).toEqual([1, 2]);
  });

  test("end a generator whose caller leaves", async () => {
    const before = engine.totals.ended.Cancelled;
    for await (const { number } of numbers(Number.POSITIVE_INFINITY)) if (number === 3) break;
    await eventually(() => expect(engine.totals.ended.Cancelled).toBe(before + 1));
    await eventually(() => expect(readFileSync(diary, "utf8")).toContain("numbers ended, aborted: true"));
  });

  test("take a time limit and a signal for a call", async () => {
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(square.with({ signal: aborted })(2)).rejects.toThrow("enough");
    expect(await square.with({ timeoutMs: 60_000 })(2)).toBe(4);
    await expect(square.with({ timeoutMs: -1 })(2)).rejects.toThrow("timeoutMs: expected a number over 0");
  });

  test("get contexts that are loaded once per worker, and disposed when it stops", async () => {
    expect(await count(1)).toEqual([1, 0, false]);
    expect(await count(2)).toEqual([3, 0, false]);
    const twin = await startDeploymentWorker({
      file: root("test/e2e/deployment/support/functions.ts"),
      engineUrl: engine.url,
      env: { DIARY: join(folder, "twin"), CONTAINER_ID: "8" },
    });
    await twin.stop();
    expect(readFileSync(join(folder, "twin"), "utf8").trim().split("\n")).toEqual([
      "load counter",
      "dispose own",
      "dispose counter after 0",
    ]);
    const loads = readFileSync(diary, "utf8").match(/load counter/g);
    expect(loads).toHaveLength(1);
  });

  test("name the function that a worker of another version does not have", async () => {
    const other = deployment.remote(async (x: number) => x, { name: "newer" });
    await expect(other(1)).rejects.toThrow(
      /has no function newer: it runs another version of the deployment/,
    );
  });

  test("refuse calls with arguments that are none", async () => {
    const auth_data = engine.authData({ url: worker.url });
    for (const args of [undefined, 5, ["!"], ["wf////8="], [1]]) {
      const response = await fetch(`${worker.url}/remote/square`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ auth_data, payload: { args } }),
      });
      expect([args, response.status]).toEqual([args, 422]);
      expect(await response.json()).toEqual({ payload: { args: expect.stringMatching(/^expected /) } });
    }
  });
});
