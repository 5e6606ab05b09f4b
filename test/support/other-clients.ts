import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";

const run = promisify(execFile);
const model = "simulated/llm-8b";
const prompt = "Hello";

/** What a client has received of a chat with so many tokens: the tokens that it counts, and the pieces of the stream. */
export interface ClientChat {
  readonly tokens: number | undefined;
  readonly pieces: number;
}

/** Where a server with OpenAI's API is. */
interface ApiPlace {
  /** Ends in `/v1`. */
  readonly baseURL: string;
  readonly apiKey: string;
}

const counted = async (pieces: AsyncIterable<string>): Promise<number> => {
  let count = 0;
  for await (const piece of pieces) if (piece !== "") count += 1;
  return count;
};

async function* textsOf(chunks: AsyncIterable<{ readonly text: string }>): AsyncGenerator<string> {
  for await (const { text } of chunks) yield text;
}

/** Clients of OpenAI's API other than its own package: each completes a chat, and streams one. */
export const OTHER_CLIENTS: Readonly<
  Record<string, (place: ApiPlace, maxTokens: number) => Promise<ClientChat>>
> = {
  LangChain: async ({ baseURL, apiKey }, maxTokens) => {
    const chat = new ChatOpenAI({ model, apiKey, maxTokens, maxRetries: 0, configuration: { baseURL } });
    const answer = await chat.invoke(prompt);
    const usage = answer.usage_metadata as { readonly output_tokens?: number } | undefined;
    return { tokens: usage?.output_tokens, pieces: await counted(textsOf(await chat.stream(prompt))) };
  },
  "the AI SDK": async ({ baseURL, apiKey }, maxOutputTokens) => {
    const chat = createOpenAICompatible({ name: "tested", baseURL, apiKey })(model);
    const asked = { model: chat, prompt, maxOutputTokens, maxRetries: 0 };
    const { usage } = await generateText(asked);
    return { tokens: usage.outputTokens, pieces: await counted(streamText(asked).textStream) };
  },
  curl: async ({ baseURL, apiKey }, maxTokens) => {
    const ask = async (stream: boolean): Promise<string> => {
      const messages = [{ role: "user", content: prompt }];
      const body = JSON.stringify({ model, messages, max_tokens: maxTokens, stream });
      const words = [
        "-sSN",
        "--fail",
        `${baseURL}/chat/completions`,
        "-H",
        `authorization: Bearer ${apiKey}`,
      ];
      const { stdout } = await run("curl", [...words, "-H", "content-type: application/json", "-d", body]);
      return stdout;
    };
    const { usage } = JSON.parse(await ask(false)) as {
      readonly usage: { readonly completion_tokens: number };
    };
    const pieces = (await ask(true)).match(/"content":"[^"]+"/g) ?? [];
    return { tokens: usage.completion_tokens, pieces: pieces.length };
  },
};
