import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelSimulator } from "../../src/simulator/model-simulator.js";
import { eventually } from "./eventually.js";
import { simulatedVllm } from "./simulated-vllm.js";

interface Chat {
  readonly messages: readonly { readonly role: string }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly stream?: boolean;
}

/**
 * A simulated vLLM that calls tools, too: a chat with tools is answered with a call of the first one, with the argument
 * `{"city": "Paris"}`, unless it has the result of a tool already.
 */
export class ToolModel {
  readonly simulator: ModelSimulator;
  readonly #server: Server;

  private constructor(simulator: ModelSimulator, server: Server) {
    this.simulator = simulator;
    this.#server = server;
  }

  static async start(): Promise<ToolModel> {
    const simulator = simulatedVllm({ loadSeconds: 0, tokensPerSecond: 200, firstTokenMs: 0, jitter: 0 });
    const url = await simulator.start();
    await eventually(() => simulator.state === "ready");
    const server = createServer((asked, answer) => void serve(url, asked, answer));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ToolModel(simulator, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.simulator.stop();
  }
}

async function serve(url: string, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of asked) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const isChat = asked.url === "/v1/chat/completions";
  const chat = isChat ? (JSON.parse(body.toString()) as Chat) : undefined;
  const tool = chat?.messages.some(({ role }) => role === "tool") ? undefined : chat?.tools?.[0];
  if (chat !== undefined && tool !== undefined) {
    callTool(tool.function.name, chat.stream === true, answer);
    return;
  }
  const { method, headers } = asked;
  const forwarded = request(url + asked.url, { method, headers }, (answered) => {
    answer.writeHead(answered.statusCode ?? 500, answered.headers);
    answered.on("error", () => answer.destroy()).pipe(answer);
  });
  forwarded.on("error", () => answer.destroy());
  answer.on("close", () => forwarded.destroy());
  forwarded.end(body);
}

function callTool(name: string, isStream: boolean, answer: ServerResponse): void {
  const call = {
    index: 0,
    id: "call_1",
    type: "function",
    function: { name, arguments: '{"city":"Paris"}' },
  };
  const message = { role: "assistant", content: null, tool_calls: [call] };
  const shared = { id: "chatcmpl-1", created: 0, model: "simulated/llm-8b" };
  const finish_reason = "tool_calls";
  if (!isStream) {
    answer.setHeader("content-type", "application/json");
    const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
    const choices = [{ index: 0, message, finish_reason }];
    answer.end(JSON.stringify({ ...shared, object: "chat.completion", choices, usage }));
    return;
  }
  answer.setHeader("content-type", "text/event-stream");
  for (const choice of [
    { index: 0, delta: message, finish_reason: null },
    { index: 0, delta: {}, finish_reason },
  ]) {
    const chunk = { ...shared, object: "chat.completion.chunk", choices: [choice] };
    answer.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  answer.end("data: [DONE]\n\n");
}
