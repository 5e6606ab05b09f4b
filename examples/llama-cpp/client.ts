import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const MAX_TOKENS = 20;

interface Chunk {
  readonly choices: readonly { readonly text: string }[];
}

// A payload may be wrapped in "input", as some clients do.
const payload = { input: { prompt: "The lighthouse keeper", max_tokens: MAX_TOKENS, stream: true } };
const stream = await endpoint.request<Chunk>("/v1/completions", payload, { cost: MAX_TOKENS, stream: true });
let tokens = 0;
for await (const { choices } of stream) {
  process.stdout.write(choices[0]?.text ?? "");
  if (choices[0]?.text) tokens += 1;
}
console.log(`\n${tokens} tokens`);
