import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Asking, ask, type Reply } from "./http-client.js";
import type { NamedConfig } from "./worker-main.js";
import { WorkerProcess } from "./worker-process.js";

/** Answers a request at the model. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface PlainFixtureOptions {
  readonly access?: NamedConfig["access"];
  readonly handlers: NamedConfig["handlers"];
  readonly config?: Partial<NamedConfig>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Variables that name an engine, which a worker of plain requests does without. */
const NO_ENGINE = {
  CONTAINER_ID: undefined,
  REPORT_ADDR: undefined,
  PUBLIC_IPADDR: undefined,
  MASTER_TOKEN: undefined,
};

/** What the model says about a request that it answered by itself. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly body: string;
}

/** Answers with what came. */
const echo: Answer = async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const { method, url, headers } = request;
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({ method, url, headers, bytes: body.length, body: body.toString("latin1", 0, 1000) }),
  );
};

/** A worker process for plain requests, without an engine, in front of a model that the test controls. */
export class PlainFixture {
  /** Answers of the model by path; an echo where there is none. */
  readonly answers = new Map<string, Answer>();
  /** Paths that the model was sent, oldest first, without its health. */
  readonly received: string[] = [];
  readonly worker: WorkerProcess;
  readonly #model: Server;
  readonly #directory: string;

  private constructor(
    model: Server,
    directory: string,
    worker: WorkerProcess,
    receive: (to: PlainFixture) => void,
  ) {
    this.#model = model;
    this.#directory = directory;
    this.worker = worker;
    receive(this);
  }

  static async start({ access, handlers, config, env }: PlainFixtureOptions): Promise<PlainFixture> {
    let fixture: PlainFixture | undefined;
    const model = createServer((request, response) => {
      const path = request.url ?? "";
      if (path === "/health") response.end();
      else if (fixture === undefined) echo(request, response);
      else {
        fixture.received.push(path);
        (fixture.answers.get(path) ?? echo)(request, response);
      }
    });
    model.listen(0, "127.0.0.1");
    await once(model, "listening");
    const directory = await mkdtemp(join(tmpdir(), "tsworker-plain-"));
    await writeFile(join(directory, ".has_benchmark"), "100");
    const worker = await WorkerProcess.start({
      directory,
      engineUrl: "",
      env: { ...NO_ENGINE, ...env },
      config: {
        ...(access && { access }),
        modelServerUrl: `http://127.0.0.1:${(model.address() as AddressInfo).port}`,
        modelHealthcheckUrl: "/health",
        handlers: [
          ...handlers,
          { route: "/alive", allowParallelRequests: true, benchmarkConfig: { dataset: [{}] } },
        ],
        ...config,
      },
    });
    return new PlainFixture(model, directory, worker, (self) => {
      fixture = self;
    });
  }

  /** Sends a request with a key, `Authorization: Bearer`. */
  send(path: string, key: string | undefined, asking: Asking = {}): Promise<Reply> {
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return ask(this.worker.url + path, { ...asking, headers: { ...authorization, ...asking.headers } });
  }

  /** The worker's metrics: the value of one line. */
  async metric(line: string): Promise<number> {
    const { body } = await ask(`${this.worker.localUrl}/metrics`, { method: "GET" });
    const found = body
      .toString()
      .split("\n")
      .find((each) => each.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1) ?? Number.NaN);
  }

  /** Stops all of it, and checks that the worker has printed nothing but log lines and has exited with 0. */
  async stop(): Promise<void> {
    const code = await this.worker.stop();
    this.#model.closeAllConnections();
    this.#model.close();
    await rm(this.#directory, { recursive: true });
    expect(this.worker.text).toBe("");
    expect(this.worker.lines.filter(({ msg }) => msg === "unhandled rejection")).toEqual([]);
    expect(code).toBe(0);
  }
}

/** The error of an answer in the shape of OpenAI's API. */
export const errorOf = (reply: Reply) =>
  (
    reply.json() as {
      readonly error: { readonly message: string; readonly type: string; readonly code: string | null };
    }
  ).error;

export const echoOf = (reply: Reply): Echo => reply.json() as Echo;
