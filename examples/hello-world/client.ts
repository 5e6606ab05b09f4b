import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

interface Generated {
  readonly text: string;
  readonly tokens: number;
}

const prompt = "Hello world, who are you?";
// What the worker counts for it: a token for each word of the prompt.
const cost = prompt.split(" ").length;

const answer = await endpoint.request("/generate", { prompt, max_tokens: 12 }, { cost });
await answer.expectOk();
const { text, tokens } = await answer.json<Generated>();
console.log(`${text}\n${tokens} tokens from ${answer.url}\n`);

const stream = await endpoint.request<{ readonly token: string }>(
  "/generate_stream",
  { prompt, max_tokens: 12 },
  { cost, stream: true },
);
for await (const { token } of stream) process.stdout.write(token);
console.log();
