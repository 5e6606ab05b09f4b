import type { Answer, Endpoint } from "tsworker/client";
import { line, Prose } from "./screen.js";

const PLAIN = { prompt: "Why is the sea salty?", max_tokens: 48 };
const STREAMED = {
  messages: [{ role: "user", content: "Tell me about light and stone." }],
  max_tokens: 96,
  stream: true,
};

/** What is looked at of a completion's body. */
interface Completion {
  readonly choices: readonly { readonly text: string }[];
}

/** What is looked at of an event of a chat's stream. */
interface ChatChunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

/** A request that was answered. */
export interface Answered {
  readonly requestIdx: number;
  /** Its workload: the tokens that it requested. */
  readonly cost: number;
}

/** Sends a request and prints its answer when it is there. */
export async function plainRequest(endpoint: Endpoint, signal: AbortSignal): Promise<Answered> {
  const route = "/v1/completions";
  line("request", `POST ${route}   max_tokens ${PLAIN.max_tokens}`);
  line("prompt", PLAIN.prompt);
  const begun = performance.now();
  const answer = await endpoint.request(route, PLAIN, { cost: PLAIN.max_tokens, signal });
  await expectOk(answer);
  const { choices } = await answer.json<Completion>();
  const prose = new Prose();
  prose.write(choices[0]?.text ?? "");
  prose.end();
  line("answer", `${answer.status} from ${answer.url} in ${secondsSince(begun)}`, "green");
  return { requestIdx: answer.requestIdx, cost: PLAIN.max_tokens };
}

/** Sends a request and prints the tokens of its answer as they come. */
export async function streamedRequest(endpoint: Endpoint, signal: AbortSignal): Promise<Answered> {
  const route = "/v1/chat/completions";
  line("request", `POST ${route}   max_tokens ${STREAMED.max_tokens}, stream true`);
  line("prompt", STREAMED.messages.map(({ content }) => content).join(" "));
  const begun = performance.now();
  const answer = await endpoint.request(route, STREAMED, { cost: STREAMED.max_tokens, signal });
  await expectOk(answer);
  const prose = new Prose();
  let firstToken: string | undefined;
  let tokens = 0;
  for await (const event of answer.events()) {
    if (event === "[DONE]") break;
    const content = (JSON.parse(event) as ChatChunk).choices[0]?.delta.content;
    if (!content) continue;
    firstToken ??= secondsSince(begun);
    tokens += 1;
    prose.write(content);
  }
  prose.end();
  line(
    "answer",
    `${answer.status}, first token after ${firstToken}, ${tokens} tokens in ${secondsSince(begun)}`,
    "green",
  );
  return { requestIdx: answer.requestIdx, cost: STREAMED.max_tokens };
}

async function expectOk(answer: Answer): Promise<void> {
  if (!answer.ok) throw new Error(`the worker answered ${answer.status}: ${await answer.text()}`);
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(2)} s`;
}
