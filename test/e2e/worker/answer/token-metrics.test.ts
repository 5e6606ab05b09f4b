import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { scraped } from "../../../support/metrics-text.js";
import { simulatedVllm } from "../../../support/simulated-vllm.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const ROUTE = "/v1/completions";
const LABELS = `{route="${ROUTE}",gen_ai_operation_name="text_completion"}`;

const model = simulatedVllm({ loadSeconds: 0 });
let fixture: WorkerFixture;

beforeAll(async () => {
  const { hostname, port } = new URL(await model.start());
  fixture = await WorkerFixture.start({
    handlers: [{ route: ROUTE, allowParallelRequests: true }],
    config: { modelServerUrl: `http://${hostname}`, modelServerPort: Number(port) },
  });
});

afterAll(async () => {
  await fixture.stop();
  await model.stop();
});

const tokens = (series: ReadonlyMap<string, number>, type: string) =>
  series.get(
    `gen_ai_client_token_usage_sum{route="${ROUTE}",gen_ai_operation_name="text_completion",gen_ai_token_type="${type}"}`,
  );

test("tokens of answers of vLLM, whole and streamed, are in the metrics", async () => {
  const payload = { prompt: "one two three", max_tokens: 9 };
  const whole = await fixture.post(ROUTE, payload);
  expect(whole.status).toBe(200);
  const { usage } = whole.json() as { usage: { prompt_tokens: number; completion_tokens: number } };
  expect(usage.completion_tokens).toBeGreaterThan(1);
  const first = await scraped(fixture.worker);
  expect(tokens(first, "input")).toBe(usage.prompt_tokens);
  expect(tokens(first, "output")).toBe(usage.completion_tokens);
  expect(first.get(`gen_ai_server_time_to_first_token_seconds_count${LABELS}`)).toBe(0);

  const stream = await fixture.post(ROUTE, {
    ...payload,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(stream.body.toString()).toContain("[DONE]");
  await eventually(async () => {
    const series = await scraped(fixture.worker);
    expect(tokens(series, "input")).toBe(2 * usage.prompt_tokens);
    expect(tokens(series, "output")).toBe(2 * usage.completion_tokens);
    for (const name of ["time_to_first_token", "time_per_output_token"]) {
      expect(series.get(`gen_ai_server_${name}_seconds_count${LABELS}`), name).toBe(1);
      expect(series.get(`gen_ai_server_${name}_seconds_sum${LABELS}`), name).toBeGreaterThan(0);
    }
    expect(series.get(`gen_ai_server_request_duration_seconds_count${LABELS}`)).toBe(2);
  });
});
