import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { sendJson } from "../answer.js";
import type { ModelLog } from "../model-log.js";
import {
  RefusedRequest,
  type RouteContext,
  type SimulatedModel,
  type SimulatedRoute,
} from "../simulated-model.js";
import { ComfyJobs } from "./comfy-jobs.js";
import { ComfySockets } from "./comfy-messages.js";
import { generateRequest } from "./generate-request.js";
import type { GenerateResult } from "./generate-result.js";
import { type LoadError, writeLoadError } from "./load-error.js";
import { newerImageLog } from "./newer-image-log.js";
import { NODE_CLASSES } from "./node-classes.js";
import { olderImageLog } from "./older-image-log.js";
import { OutputFiles } from "./output-files.js";

/** Options of a simulated ComfyUI. */
export interface ComfyModelOptions {
  /**
   * Milliseconds of a sampling step of a picture or of sound; one of a video takes ten times as long.
   * @default 50
   */
  readonly stepMs?: number;
  /**
   * Which log it writes: that of ComfyUI, as workers of older images read it, or that of the API wrapper.
   * @default "newer"
   */
  readonly image?: "older" | "newer";
  /**
   * Why it does not come up where its failure is `out-of-memory`.
   * @default "file" for an older image, "backends" for a newer one
   */
  readonly loadError?: LoadError;
}

/** The body of `/system_stats`. */
const SYSTEM = {
  system: {
    os: "posix",
    comfyui_version: "0.3.49",
    python_version: "3.12.3",
    pytorch_version: "2.7.1+cu128",
  },
  devices: [
    { name: "simulated", type: "cuda", index: 0, vram_total: 25_260_000_000, vram_free: 24_100_000_000 },
  ],
} as const;

/**
 * ComfyUI and the API wrapper in front of it, on one port: the wrapper's `/generate/sync` and `/generate/stream`, and
 * ComfyUI's `/view`, `/history`, `/object_info`, `/system_stats` and `/ws`.
 */
export class ComfyModel implements SimulatedModel {
  readonly title: string;
  // The wrapper's; ComfyUI itself uses aiohttp.
  readonly closing = "uvicorn";
  readonly loading: SimulatedModel["loading"];
  readonly crashed: SimulatedModel["crashed"];
  readonly answered: SimulatedModel["answered"];
  readonly outOfMemory: SimulatedModel["outOfMemory"];
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly #files = new OutputFiles();
  readonly #sockets = new ComfySockets();
  readonly #jobs: ComfyJobs;

  constructor({ stepMs = 50, image = "newer", loadError }: ComfyModelOptions = {}) {
    const comfyLog = image === "newer" ? newerImageLog : olderImageLog;
    this.title = `ComfyUI, ${image} image`;
    this.loading = comfyLog.loading;
    this.crashed = comfyLog.crashed;
    this.answered = comfyLog.answered;
    this.outOfMemory = (log: ModelLog) => writeLoadError(log, loadError ?? comfyLog.loadError);
    const publish = this.#sockets.publish.bind(this.#sockets);
    this.#jobs = new ComfyJobs({ comfyLog, files: this.#files, stepMs, publish });
    this.routes = new Map<string, SimulatedRoute>([
      ["/generate/sync", { method: "POST", serve: (context) => this.#sync(context) }],
      ["/generate/stream", { method: "POST", serve: (context) => this.#stream(context) }],
      ["/view", { method: "GET", serve: (context) => this.#view(context) }],
      ["/object_info", { method: "GET", serve: ({ response }) => sendJson(response, 200, NODE_CLASSES) }],
      ["/system_stats", { method: "GET", serve: ({ response }) => sendJson(response, 200, SYSTEM) }],
      ["/history/*", { method: "GET", serve: (context) => this.#history(context) }],
      ["/health", { method: "GET", serve: ({ response }) => sendJson(response, 200, this.#health()) }],
    ]);
  }

  get waiting(): number {
    return this.#jobs.waiting;
  }

  get produced(): number {
    return this.#jobs.steps;
  }

  refusal(_status: number, message: string): object {
    return { detail: message };
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.accept(request, socket, head, this.waiting);
  }

  closeSockets(): void {
    this.#sockets.close();
  }

  async #sync(context: RouteContext): Promise<void> {
    const result = await this.#jobs.run(generateRequest(context.body), context, () => {});
    sendJson(context.response, result.status === "completed" ? 200 : 500, result);
  }

  async #stream(context: RouteContext): Promise<void> {
    const { response, signal } = context;
    const request = generateRequest(context.body);
    const startedAt = performance.now();
    const send = (event: object): boolean => {
      const elapsed_time = Math.round(performance.now() - startedAt) / 1000;
      return response.write(
        `data: ${JSON.stringify({ request_id: request.id, ...event, elapsed_time })}\n\n`,
      );
    };
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
    const onResult = ({ status, message }: GenerateResult): void => {
      send({ status, message, timestamp: new Date().toISOString() });
    };
    const result = await this.#jobs.run(request, context, onResult);
    if (!send({ status: "final_result", result })) await once(response, "drain", { signal });
    response.end();
  }

  #view({ url, response }: RouteContext): void {
    const filename = url.searchParams.get("filename") ?? "";
    const file = this.#files.find({ filename, subfolder: url.searchParams.get("subfolder") ?? "" });
    if (!file) throw new RefusedRequest(404, "Not Found");
    response.writeHead(200, { "content-type": file.mimetype, "content-length": file.bytes.length });
    response.end(file.bytes);
  }

  #history({ url, response }: RouteContext): void {
    sendJson(response, 200, this.#jobs.history(url.pathname.slice("/history/".length)));
  }

  #health(): object {
    const backend = { base: "http://127.0.0.1:18188", http_ok: true, websocket_ok: true, healthy: true };
    return { status: "healthy", backends_healthy: "1/1", backends: [{ ...backend, system_stats: SYSTEM }] };
  }
}
