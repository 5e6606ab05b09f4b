import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const model = process.env.MODEL_NAME ?? "simulated/llm-8b";

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const MAX_TOKENS = 20;
const question = "Why is the sea salty?";
const messages = [{ role: "user", content: question }];
const payload = { model, messages, max_tokens: MAX_TOKENS, stream: true };

console.log(`> ${question}`);
const stream = await endpoint.request<Chunk>("/v1/chat/completions", payload, {
  cost: MAX_TOKENS,
  stream: true,
});
let pieces = 0;
for await (const { choices } of stream) {
  const text = choices[0]?.delta.content ?? "";
  if (text !== "") pieces += 1;
  process.stdout.write(text);
}
console.log(`\n${pieces} pieces from ${stream.url}`);
