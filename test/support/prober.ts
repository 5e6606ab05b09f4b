import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../src/engine/index.js";

/**
 * What became of a request, as its client saw it:
 *
 * - `served`: a whole answer with the status 200.
 * - `refused`: an answer that it was not admitted, and that another try makes sense.
 * - `unconnected`: no server accepted the connection.
 * - `cut`: the connection closed before the first byte of an answer.
 * - `broken`: anything else.
 */
export type Fortune = "served" | "refused" | "unconnected" | "cut" | "broken";

/** A request that was sent, and what became of it. */
export interface Probed {
  readonly requestIdx: number;
  readonly fortune: Fortune;
  /** What the client saw, in words. */
  readonly saw: string;
}

/** Milliseconds after which a client tries again that was not served. */
const RETRY_MS = 10;
/** What a connection that was closed looks like to the client which sends on it. */
const CLOSED: readonly unknown[] = ["ECONNRESET", "EPIPE"];

/** Clients that send requests to one URL without a pause, each over a connection that it keeps as long as it may. */
export class Prober {
  readonly probed: Probed[] = [];
  readonly #engine: Engine;
  readonly #url: string;
  readonly #clients: readonly Promise<void>[];
  #isEnding = false;

  /** @param url of the worker. @param clients how many of them. */
  constructor(engine: Engine, url: string, clients: number) {
    this.#engine = engine;
    this.#url = url;
    this.#clients = Array.from({ length: clients }, () => this.#run());
  }

  /** The requests with this fortune. */
  all(fortune: Fortune): readonly Probed[] {
    return this.probed.filter((each) => each.fortune === fortune);
  }

  /** Sends no more, and waits for what was sent. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#clients);
  }

  async #run(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#isEnding) {
      const authData = this.#engine.authData({ url: this.#url });
      const payload = { cost: 1, n: authData.request_idx };
      const { fortune, saw } = await probe(`${this.#url}/work`, agent, { auth_data: authData, payload });
      this.probed.push({ requestIdx: authData.request_idx, fortune, saw });
      if (fortune !== "served") await sleep(RETRY_MS);
    }
    agent.destroy();
  }
}

function probe(url: string, agent: Agent, body: unknown): Promise<Omit<Probed, "requestIdx">> {
  return new Promise((resolve) => {
    const asking = request(url, { method: "POST", agent });
    asking.once("response", (answer) => void fortuneOf(answer).then(resolve));
    // Once there is an answer, it is the answer that decides how it ended.
    asking.on("error", (error: NodeJS.ErrnoException) => {
      const { code, message } = error;
      const fortune = code === "ECONNREFUSED" ? "unconnected" : CLOSED.includes(code) ? "cut" : "broken";
      resolve({ fortune, saw: message });
    });
    asking.end(JSON.stringify(body));
  });
}

async function fortuneOf(answer: IncomingMessage): Promise<Omit<Probed, "requestIdx">> {
  let body = "";
  try {
    for await (const piece of answer.setEncoding("utf8")) body += piece;
  } catch {
    // `complete` is false where it was broken off.
  }
  const saw = `${answer.statusCode} ${answer.complete ? "" : "(broken off) "}${body}`;
  if (!answer.complete) return { fortune: "broken", saw };
  if (answer.statusCode === 200) return { fortune: "served", saw };
  const isRefused = answer.statusCode === 503 && Number(answer.headers["retry-after"]) > 0;
  return { fortune: isRefused ? "refused" : "broken", saw };
}
