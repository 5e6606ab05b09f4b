import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;

const model = process.env.MODEL_NAME ?? "simulated/llm-8b";
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const question = "Why is the sea salty?";
const chat = {
  model,
  messages: [{ role: "user", content: question }],
  max_tokens: 64,
  stream: true,
};
console.log(`> ${question}`);
const stream = await endpoint.request<Chunk>("/v1/chat/completions", chat, { cost: 64, stream: true });
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? "");
console.log();

interface Ranking {
  readonly results: readonly {
    readonly document: { readonly text: string };
    readonly relevance_score: number;
  }[];
}

const query = "salt in the sea";
const documents = ["Rivers carry salt into the sea.", "A garden wants light.", "The sea has tides."];
console.log(`\n> which of these is about ${query}?`);
const ranked = await endpoint.request("/v1/rerank", { model, query, documents }, { cost: 50 });
await ranked.expectOk();
for (const { document, relevance_score } of (await ranked.json<Ranking>()).results) {
  console.log(relevance_score.toFixed(2), document.text);
}
