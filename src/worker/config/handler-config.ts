import type { Payload } from "../../shared/wire.js";
import type { PayloadSchema } from "./payload-schema.js";

/**
 * A payload of any type: an object with named fields, such as one that an `interface` describes. No list and no promise.
 *
 * @example
 * ```ts
 * interface Completion {
 *   readonly prompt: string;
 *   readonly max_tokens?: number;
 * }
 * const hello: Completion = { prompt: "hello" };
 * const payload: PayloadObject = hello;
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: an interface has no index signature, and is assignable to one of `any` only
export type PayloadObject = Readonly<Record<string, any>> & {
  readonly then?: never;
  readonly [Symbol.iterator]?: never;
};

/**
 * Measures the model's capacity once, before the worker is ready. Exactly one handler has one. The result is kept in
 * the file `.has_benchmark` in the working directory (`BENCHMARK_FILE`). A later start reads it from there, unless the
 * routes, their limits, this configuration or the model server's URL have changed.
 *
 * @example
 * ```ts
 * const benchmarkConfig: BenchmarkConfig = {
 *   generator: () => ({ prompt: "hello", max_tokens: 128 }),
 *   runs: 3,
 *   concurrency: 50,
 * };
 * ```
 */
export interface BenchmarkConfig<Sent extends PayloadObject = PayloadObject> {
  /**
   * Payloads to draw from at random, as `payloadSchema` or `requestParser` would return them. Either this or `generator`;
   * `null` is neither.
   */
  readonly dataset?: readonly Sent[] | null | undefined;
  /** Makes a payload for each request, as `payloadSchema` or `requestParser` would return it. Either this or `dataset`. */
  readonly generator?: (() => Sent) | null | undefined;
  /** Rounds to run; the best one counts. Integer of at least 1. @default 8 */
  readonly runs?: number | undefined;
  /** Concurrent requests in a round; at most the handler's own limit. Integer of at least 1; `null` is 10. @default 10 */
  readonly concurrency?: number | null | undefined;
  /** Sends one request before the first round and does not count its time. @default true */
  readonly doWarmup?: boolean | undefined;
}

/**
 * Limits on the time that the model, or a `remoteFunction`, may take, in milliseconds; `null` is no limit. A request that
 * exceeds one is cancelled at the model and counted as an error. It is answered with 504 if the response has not begun;
 * otherwise the response is aborted. No limit runs while a request is queued; only `totalMs` runs while the client does not
 * read.
 *
 * @example
 * ```ts
 * const timeouts: TimeoutsConfig = { headersMs: 60_000, idleMs: 30_000 };
 * ```
 */
export interface TimeoutsConfig {
  /** Until the connection to the model server is established; when exceeded, the response is 502. @default 10000 */
  readonly connectMs?: number | null | undefined;
  /** From the request to the first byte of the response. @default null */
  readonly headersMs?: number | null | undefined;
  /** Between two chunks of the response. @default null */
  readonly idleMs?: number | null | undefined;
  /** From the moment that the request leaves the queue to the end of its response. @default null */
  readonly totalMs?: number | null | undefined;
}

/**
 * A payload field that holds a file.
 *
 * @example
 * ```ts
 * const file: FileFieldConfig = { extensions: ["wav", "mp3"], defaultFilename: "audio.wav", filenameField: "filename" };
 * ```
 */
export interface FileFieldConfig {
  /** Allowed extensions of the file's name: lower case, without the dot. At least one. */
  readonly extensions: readonly string[];
  /** Name of a file for which the payload has none; its extension must be an allowed one. */
  readonly defaultFilename: string;
  /** Payload field with the file's name; it is not sent to the model. @default none: `defaultFilename` always */
  readonly filenameField?: string | undefined;
  /**
   * Name of each part if the field holds a list, such as the field's own name for servers that take it repeatedly.
   * @default the field's name followed by `[]`
   */
  readonly listName?: string | undefined;
}

/**
 * Sends the payload to the model as `multipart/form-data`: the named fields as files, all others as text.
 *
 * @example
 * ```ts
 * const multipart: MultipartConfig = {
 *   files: { file: { extensions: ["wav", "mp3"], defaultFilename: "audio.wav", filenameField: "filename" } },
 * };
 * ```
 */
export interface MultipartConfig {
  /**
   * The fields that hold files, by name: base64 text or a `data:` URL, bytes in a msgpack envelope, or a list of those,
   * which is sent under the field's name followed by `[]`, or its `listName`. At least one field.
   */
  readonly files: Readonly<Record<string, FileFieldConfig>>;
  /** Largest file in bytes, decoded. Integer of at least 1. @default 26214400 (25 MiB) */
  readonly maxFileBytes?: number | undefined;
  /** Largest sum of all files of a request in bytes, decoded. Integer of at least 1. @default 67108864 (64 MiB) */
  readonly maxTotalBytes?: number | undefined;
  /** Most files in a request. Integer of at least 1. @default 16 */
  readonly maxFiles?: number | undefined;
}

/**
 * A file in the form that `generatePayloadMultipart` makes.
 *
 * @example
 * ```ts
 * const file: MultipartFile = { filename: "audio.wav", content: new Uint8Array([82, 73, 70, 70]) };
 * ```
 */
export interface MultipartFile {
  /** Name of the file, without a path. */
  readonly filename: string;
  readonly content: Uint8Array;
  /** Media type. @default that of the name's extension, such as `audio/wav`, or `application/octet-stream` */
  readonly contentType?: string | undefined;
}

/** Benchmark payloads have the parsed type, because they are not parsed. */
type BenchmarkPayload<Parsed extends PayloadObject> = Payload extends Parsed
  ? PayloadObject
  : NoInfer<Parsed>;

/**
 * One route of the worker. {@link handler} infers the types of its payload.
 *
 * @typeParam Parsed type that `payloadSchema` or `requestParser` returns.
 * @typeParam Received type that `workloadCalculator` and `remoteFunction` receive.
 *
 * @example
 * ```ts
 * const completions: HandlerConfig = {
 *   route: "/v1/completions",
 *   allowParallelRequests: true,
 *   workloadCalculator: ({ max_tokens }) => Number(max_tokens ?? 16),
 * };
 * ```
 */
export interface HandlerConfig<Parsed extends PayloadObject = PayloadObject, Received = Payload> {
  /**
   * Path on the worker, such as `/v1/completions`; without `?`, `#` and `*`. A segment such as `:id` stands for any one segment:
   * `/v1/files/:id/content`.
   */
  readonly route: string;
  /**
   * HTTP method: `POST`, `GET` (which includes HEAD), `PUT`, `PATCH` or `DELETE`. Methods other than POST require access with
   * API keys or open access: a signed envelope is the body of a POST. @default POST
   */
  readonly method?: "POST" | "GET" | "PUT" | "PATCH" | "DELETE" | undefined;
  /**
   * Path on the model server, if it is another than `route`; without `?` and `#`. Several handlers may have the same one. It
   * also applies to the benchmark and to WebSockets. Segments such as `:id` that the route has, too, are those of the client's
   * path. Not beside a `remoteFunction`.
   * @default the same as `route`
   */
  readonly modelRoute?: string | undefined;
  /**
   * `false`: one request at a time, strictly first in, first out (unless `queueOrder` is `"fair"`), over all serial handlers of the worker together. `true`:
   * requests are forwarded at once.
   * @default false
   */
  readonly allowParallelRequests?: boolean | undefined;
  /**
   * Concurrent requests, between serial and unlimited. Integer of at least 1.
   * @default 1, or unlimited with `allowParallelRequests`
   */
  readonly concurrency?: number | undefined;
  /**
   * Handlers with the same queue share it and its limit.
   * @default the queue of all serial handlers where the limit is 1, the handler's own otherwise
   */
  readonly queue?: string | undefined;
  /**
   * Order of turns in the queue; the same for all handlers that share it. `"fifo"`: first in, first out. `"fair"`: clients
   * share the turns, each in proportion to the weight of its API key, whatever the others send; requests of a higher priority
   * have their turns first. Requests without an API key count as those of one client.
   * @default "fifo"
   */
  readonly queueOrder?: "fifo" | "fair" | undefined;
  /**
   * Seconds: a new request is refused with 429 when the work ahead of it takes longer. `null` is no limit.
   * @default 30
   */
  readonly maxQueueTime?: number | null | undefined;
  /**
   * Validates the payload: a schema of zod, Valibot, ArkType or any other library that implements Standard Schema. A payload
   * that does not match is refused with 422 and a message for each field. The schema's output replaces the payload and is
   * serialized for the model; without a schema or `requestParser` the client's own bytes are sent. It must validate
   * synchronously: a request whose validation returns a promise is answered with 500. Not beside a `requestParser`.
   */
  readonly payloadSchema?: PayloadSchema<Parsed> | undefined;
  /**
   * Checks or changes the payload before it is forwarded; throw a `PayloadError` to refuse it with 422. The returned payload
   * is serialized again; without a parser or `payloadSchema` the client's own bytes are sent to the model. Synchronous.
   */
  readonly requestParser?: ((payload: Payload) => Parsed) | null | undefined;
  /**
   * Cost of a request in units, computed from its payload after `payloadSchema` or `requestParser`. If it throws, or returns
   * anything but a number from 0 to 10^12, the cost is 100.
   * @default () => 100
   */
  readonly workloadCalculator?: ((payload: Received) => number) | null | undefined;
  /**
   * Makes the JSON that the model is sent from the payload, such as a workflow from a prompt. It runs when the request leaves
   * its queue: the workload is that of the payload, and a request that is refused or waits takes no memory for the larger one.
   * Throw a `PayloadError` to answer 422. Synchronous. Not beside a `remoteFunction`, `multipart` or `websocket`.
   * @default the payload itself
   */
  readonly generatePayloadJson?: ((payload: Received) => PayloadObject) | undefined;
  /**
   * Makes the fields of a `multipart/form-data` body, at the same time. A {@link MultipartFile} is sent as a file, a list once
   * for each of its items under the same name, other objects as JSON, and `null` is left out. If it returns `null` or nothing,
   * JSON is sent. Not beside a `remoteFunction`, `multipart` or `websocket`.
   */
  readonly generatePayloadMultipart?: ((payload: Received) => PayloadObject | null | undefined) | undefined;
  /**
   * Makes the response from the model's. It receives fetch-standard objects: the client's request, whose body is the envelope
   * as it came, and the model's response. Not beside a `remoteFunction`.
   */
  readonly responseGenerator?:
    | ((request: Request, modelResponse: Response) => Response | Promise<Response>)
    | null
    | undefined;
  /**
   * Answers instead of a model server. It receives the payload as one object, where the Python worker passes its members as
   * keyword arguments. Its value, or that of its promise, becomes `{"result": …}`; an async generator
   * streams its values, one line of JSON each (`application/x-ndjson`). The signal aborts when the client disconnects or the
   * request ends for another reason.
   */
  readonly remoteFunction?: ((payload: Received, signal: AbortSignal) => unknown) | null | undefined;
  /** Sends the payload to the model as `multipart/form-data`. Not beside a `remoteFunction` or `websocket`. */
  readonly multipart?: MultipartConfig | undefined;
  /**
   * Clients connect to the route with a WebSocket, and frames are forwarded both ways between them and the model
   * server. Not beside a `remoteFunction`, `responseGenerator`, `multipart`, `benchmarkConfig` or `sseKeepAliveMs`.
   * @default false
   */
  readonly websocket?: boolean | undefined;
  /**
   * Query parameters of the client's URL that are forwarded to the model: `true` all, `false` none, or a list of names.
   * `api_key` and `envelope` never are. A query longer than 8 KiB is refused with 414. Not beside a `remoteFunction`.
   * @default true
   */
  readonly forwardQuery?: boolean | readonly string[] | undefined;
  /**
   * Names of request headers that are forwarded to the model, such as `openai-beta`. `authorization`, `cookie`,
   * `accept-encoding` and headers of the connection never are. Not beside a `remoteFunction`.
   * @default none
   */
  readonly forwardHeaders?: readonly string[] | undefined;
  /**
   * Milliseconds of silence after which a client that requested a stream (`stream: true` in the payload, or the header
   * `accept: text/event-stream`) is sent a comment: while its request is queued, before the first token, and in gaps. The
   * first comment sends the head of the response with it, so that a later failure is an event. Integer from 10 to 2147483647;
   * null: no comments. Not beside a `remoteFunction` or `websocket`.
   * @default null
   */
  readonly sseKeepAliveMs?: number | null | undefined;
  /** How the model's capacity is measured; at exactly one handler. */
  readonly benchmarkConfig?: BenchmarkConfig<BenchmarkPayload<Parsed>> | null | undefined;
  /** Limits on the time that the model may take. */
  readonly timeouts?: TimeoutsConfig | undefined;
}

/**
 * A handler whose functions receive its own type of payload: the output of its `payloadSchema`, or the value that its
 * `requestParser` returns. Write the schema or the parser above the functions that receive its result. Without either, the
 * type is {@link Payload}, or one that the caller names and that nothing checks.
 *
 * @typeParam P type of the payload.
 *
 * @example
 * ```ts
 * import { handler } from "tsworker";
 * import { z } from "zod";
 *
 * const completions = handler({
 *   route: "/v1/completions",
 *   payloadSchema: z.object({ prompt: z.string().min(1), max_tokens: z.int().min(1).default(16) }),
 *   workloadCalculator: ({ max_tokens }) => max_tokens,
 *   benchmarkConfig: { generator: () => ({ prompt: "hello", max_tokens: 128 }) },
 * });
 * ```
 *
 * @example
 * ```ts
 * import { handler, PayloadError } from "tsworker";
 *
 * interface Completion {
 *   readonly prompt: string;
 * }
 *
 * const completions = handler<Completion>({
 *   route: "/v1/completions",
 *   requestParser: ({ prompt }) => {
 *     if (typeof prompt !== "string") throw new PayloadError({ prompt: "must be a string" });
 *     return { prompt };
 *   },
 *   workloadCalculator: ({ prompt }) => prompt.length,
 * });
 * ```
 */
export function handler<P extends PayloadObject = Payload>(config: HandlerConfig<P, P>): HandlerConfig {
  // The worker calls the functions with the result of this handler's own schema or parser only.
  return config as unknown as HandlerConfig;
}
