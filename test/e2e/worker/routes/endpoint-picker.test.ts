import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { close, httpUrl, listen } from "../../../../src/shared/listen.js";
import type { ModelSimulator } from "../../../../src/simulator/model-simulator.js";
import { textFromModel } from "../../../../src/worker/routes/open-endpoint.js";
import { eventually } from "../../../support/eventually.js";
import { freePort } from "../../../support/free-port.js";
import { ask } from "../../../support/http-client.js";
import { parsed, scraped } from "../../../support/metrics-text.js";
import { simulatedVllm } from "../../../support/simulated-vllm.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const ROUTE = "/v1/completions";
const get = (url: string, method = "GET") => ask(url, { method });

describe("a worker with metrics for an endpoint picker", () => {
  let model: ModelSimulator;
  let fixture: WorkerFixture;

  beforeAll(async () => {
    // One request at a time, and a token in ten seconds: what runs and waits at the model stays there until it is left.
    model = simulatedVllm({ loadSeconds: 0, maxConcurrency: 1, tokensPerSecond: 0.1 });
    fixture = await WorkerFixture.start({
      handlers: [{ route: ROUTE, concurrency: 3, maxQueueTime: null }],
      config: { modelServerUrl: await model.start(), metrics: { endpointPicker: true } },
    });
  });
  afterAll(async () => {
    await fixture.stop();
    await model.stop();
  });

  /** The series on the public port. */
  const picked = async () => {
    const { status, headers, body } = await get(`${fixture.worker.url}/metrics`);
    expect({ status, type: headers["content-type"] }).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
    });
    return Object.fromEntries(parsed(body.toString()).series);
  };

  test("counts what waits in its queue and at the model, and shows the model's cache", async () => {
    expect(await picked()).toEqual({
      "vllm:num_requests_waiting": 0,
      "vllm:num_requests_running": 0,
      "vllm:kv_cache_usage_perc": 0,
      'vllm:cache_config_info{block_size="16",num_gpu_blocks="25951"}': 1,
    });
    const client = new AbortController();
    const body = () => JSON.stringify(fixture.envelope({ prompt: "hello", max_tokens: 41_521 }));
    const requests = Array.from({ length: 5 }, () =>
      fetch(fixture.worker.url + ROUTE, { method: "POST", body: body(), signal: client.signal }),
    );
    const ended = Promise.allSettled(requests);
    // One of five runs at the model, two wait there, and two in the worker.
    await eventually(async () => {
      expect(await picked()).toMatchObject({
        "vllm:num_requests_waiting": 4,
        "vllm:num_requests_running": 1,
      });
    });
    expect((await picked())["vllm:kv_cache_usage_perc"]).toBeCloseTo(0.1, 3);
    expect(Object.fromEntries(await scraped(fixture.worker))).toMatchObject({
      ...(await picked()),
      [`tsworker_queue_waiting_requests{queue="${ROUTE}"}`]: 2,
      [`tsworker_queue_running_requests{queue="${ROUTE}"}`]: 3,
    });
    client.abort();
    await ended;
    await eventually(async () => expect(await picked()).toMatchObject({ "vllm:num_requests_waiting": 0 }));
  });

  test("gives them to GET and HEAD without a signature, and to no other method", async () => {
    const url = `${fixture.worker.url}/metrics`;
    expect(await get(url, "HEAD")).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(await get(url, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  test("leaves out what a model that does not answer lacks, and shows it again later", async () => {
    const url = new URL(await model.start());
    await model.stop();
    await eventually(async () => {
      expect(await picked()).toEqual({ "vllm:num_requests_waiting": 0, "vllm:num_requests_running": 0 });
    });
    const messages = (): readonly string[] =>
      fixture.worker.lines
        .map(({ msg }) => msg)
        .filter((msg) => msg.startsWith("the model server's metrics"));
    await eventually(() => expect(messages()).toEqual(["the model server's metrics cannot be read"]));
    const next = simulatedVllm({ loadSeconds: 0, port: Number(url.port) });
    await next.start();
    onTestFinished(() => next.stop());
    await eventually(async () => expect(await picked()).toHaveProperty("vllm:kv_cache_usage_perc", 0));
    await eventually(() => expect(messages()).toHaveLength(2));
  });
});

describe("the text of a model server's metrics", () => {
  const served = async (
    answer: (path: string) => { readonly status: number; readonly body: string } | undefined,
  ) => {
    const server = createServer(({ url = "" }, response) => {
      const reply = answer(url);
      if (reply !== undefined) response.writeHead(reply.status).end(reply.body);
    });
    const port = await listen(server, "127.0.0.1", 0);
    onTestFinished(() => close(server));
    return httpUrl("127.0.0.1", port);
  };

  test("is an answer with 200, and an error otherwise", async () => {
    const url = await served((path) =>
      path === "/metrics" ? { status: 200, body: "a 1" } : { status: 404, body: "" },
    );
    expect(await textFromModel({ url: `${url}/metrics`, headers: {} }, 5000)).toBe("a 1");
    await expect(textFromModel({ url: `${url}/other`, headers: {} }, 5000)).rejects.toThrow(
      `${url}/other answered 404`,
    );
  });

  test("is bounded in time and size", async () => {
    const url = await served((path) =>
      path === "/hangs" ? undefined : { status: 200, body: "x".repeat(1024 * 1024 + 1) },
    );
    await expect(textFromModel({ url: `${url}/hangs`, headers: {} }, 50)).rejects.toThrow("within 50 ms");
    await expect(textFromModel({ url: `${url}/long`, headers: {} }, 5000)).rejects.toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: "its answer is longer than 1048576 bytes" }),
      }),
    );
  });

  test("is an error where nothing listens", async () => {
    const url = httpUrl("127.0.0.1", await freePort());
    await expect(textFromModel({ url, headers: {} }, 5000)).rejects.toMatchObject({
      code: "MODEL_UNREACHABLE",
    });
  });
});
