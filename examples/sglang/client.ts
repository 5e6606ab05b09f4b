import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const AT_ONCE = [1, 4, 16];
const MAX_TOKENS = 128;

interface Completion {
  readonly usage: { readonly completion_tokens: number };
}

async function complete(topic: string): Promise<number> {
  const payload = { model: process.env.MODEL_NAME, prompt: `Write about ${topic}.`, max_tokens: MAX_TOKENS };
  const answer = await endpoint.request("/v1/completions", payload, { cost: MAX_TOKENS });
  await answer.expectOk();
  return (await answer.json<Completion>()).usage.completion_tokens;
}

// Requests that come together are batched: each takes hardly longer, and all of them make many more tokens a second.
for (const count of AT_ONCE) {
  const begun = performance.now();
  const made = await Promise.all(Array.from({ length: count }, (_, n) => complete(`river number ${n}`)));
  const seconds = (performance.now() - begun) / 1000;
  const tokens = made.reduce((sum, each) => sum + each, 0);
  console.log(
    `${count} at once: ${tokens} tokens in ${seconds.toFixed(2)} s, ${(tokens / seconds).toFixed(0)} a second`,
  );
}
