import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const MAX_NEW_TOKENS = 20;

interface Event {
  readonly token: { readonly text: string };
  /** The whole text, in the last event. */
  readonly generated_text: string | null;
}

const inputs = "Tell me about light and stone.";
const parameters = { max_new_tokens: MAX_NEW_TOKENS, temperature: 0.7, top_p: 0.9, do_sample: true };
console.log(`> ${inputs}`);
const stream = await endpoint.request<Event>(
  "/generate_stream",
  { inputs, parameters },
  { cost: MAX_NEW_TOKENS, stream: true },
);
let whole: string | null = null;
for await (const { token, generated_text } of stream) {
  process.stdout.write(token.text);
  whole = generated_text;
}
console.log(`\n${whole?.length} characters`);
