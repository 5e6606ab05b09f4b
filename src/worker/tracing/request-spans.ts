import type { Outcome } from "../../../machines/events.js";
import { wallClock } from "../../shared/wall-clock.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { ModelHeaders } from "../config/model-headers.js";
import type { TracingSettings } from "../config/tracing-settings.js";
import { operationOf } from "../metrics/model-operation.js";
import type { Entry } from "../report/ledger.js";
import type { RequestObserver, RequestTrace, TracedHead } from "../request/admission.js";
import { isSampled } from "./sampling.js";
import type { Attributes, Span } from "./span.js";
import { headersFor, newSpanId, newTraceId, parentOf, type TraceContext } from "./trace-context.js";

/** Takes the spans of a request when it has ended. */
interface SpanSink {
  add(spans: readonly Span[]): void;
}

/** Characters of a path or a name in an attribute. */
const MAX_TEXT = 256;

/** The lowest status of an answer that is an error of the server. */
const SERVER_ERROR = 500;

/**
 * The moments of one request, which become its spans at the end:
 *
 * ```
 * request            ├──────────────────────────┤
 * queue               ├─────┤
 * model first byte          ├───────┤
 * stream                            ├───────────┤
 * ```
 *
 * The span of the model's own work, if it records one, is below `model first byte`, which is the call of the model.
 */
class TracedRequest implements RequestTrace {
  readonly modelHeaders: ModelHeaders;
  readonly #sink: SpanSink;
  readonly #context: TraceContext;
  readonly #parent: TraceContext | undefined;
  readonly #callId = newSpanId();
  readonly #id: string;
  readonly #handler: Handler;
  readonly #method: string;
  readonly #path: string;
  readonly #arrivedAt = performance.now();
  #admittedAt: number | undefined;
  #startedAt: number | undefined;
  #firstByteAt: number | undefined;
  #workload: number | undefined;
  #session: string | undefined;
  #model: string | undefined;

  constructor(
    sink: SpanSink,
    context: TraceContext,
    parent: TraceContext | undefined,
    request: { readonly id: string; readonly handler: Handler; readonly head: TracedHead },
  ) {
    this.#sink = sink;
    this.#context = context;
    this.#parent = parent;
    this.#id = request.id;
    this.#handler = request.handler;
    this.#method = request.head.method;
    this.#path = request.head.path;
    this.modelHeaders = headersFor({ ...context, spanId: this.#callId });
  }

  admitted({ workload }: Entry, session: string | null, payload: Payload | undefined): void {
    this.#admittedAt = performance.now();
    this.#workload = workload;
    this.#session = session ?? undefined;
    const model = payload?.model;
    this.#model = typeof model === "string" ? model.slice(0, MAX_TEXT) : undefined;
  }

  started(): void {
    this.#startedAt = performance.now();
  }

  firstByte(): void {
    this.#firstByteAt = performance.now();
  }

  ended(outcome: Outcome, status: number): void {
    const endedAt = performance.now();
    const { name, route, queue } = this.#handler;
    const isError = status >= SERVER_ERROR;
    const operation = operationOf(this.#handler);
    const error = { ...((isError || outcome === "cancelled") && { "error.type": String(status) }) };
    const genAi = { "gen_ai.operation.name": operation, "gen_ai.request.model": this.#model };
    const spans: Span[] = [
      this.#span(`${this.#method} ${route}`, "server", this.#arrivedAt, endedAt, isError, {
        "http.request.method": this.#method,
        "http.route": route,
        "url.path": this.#path.slice(0, MAX_TEXT) || undefined,
        "http.response.status_code": status,
        "tsworker.request.id": this.#id,
        "tsworker.route": name,
        "tsworker.outcome": outcome,
        "tsworker.workload": this.#workload,
        "tsworker.session.id": this.#session,
        ...error,
      }),
    ];
    if (this.#admittedAt !== undefined) {
      const until = this.#startedAt ?? endedAt;
      spans.push(
        this.#span("queue", "internal", this.#admittedAt, until, false, { "tsworker.queue": queue }),
      );
    }
    if (this.#startedAt !== undefined) {
      const until = this.#firstByteAt ?? endedAt;
      const failed = isError && this.#firstByteAt === undefined;
      const attributes = { ...genAi, ...(this.#firstByteAt === undefined && error) };
      spans.push(this.#span("model first byte", "client", this.#startedAt, until, failed, attributes));
    }
    if (this.#firstByteAt !== undefined)
      spans.push(
        this.#span("stream", "internal", this.#firstByteAt, endedAt, isError, { ...genAi, ...error }),
      );
    this.#sink.add(spans);
  }

  #span(
    name: string,
    kind: Span["kind"],
    startedAt: number,
    endedAt: number,
    isError: boolean,
    attributes: Attributes,
  ): Span {
    const { traceId, spanId, state } = this.#context;
    const isRequest = kind === "server";
    return {
      traceId,
      spanId: isRequest ? spanId : kind === "client" ? this.#callId : newSpanId(),
      parentId: isRequest ? this.#parent?.spanId : spanId,
      state,
      name,
      kind,
      startedAt: wallClock.at(startedAt),
      endedAt: wallClock.at(endedAt),
      attributes,
      isError,
    };
  }
}

/** A request that is not recorded: the model's server learns that, and decides the same. */
const unrecorded = (context: TraceContext): RequestTrace => ({
  modelHeaders: headersFor(context),
  admitted: () => {},
  started: () => {},
  firstByte: () => {},
  ended: () => {},
});

/** Makes a trace of each request that the sampler chooses. */
export const spanObserver = (settings: TracingSettings, sink: SpanSink): RequestObserver => ({
  trace: (id, handler, head) => {
    const parent = parentOf(head);
    const traceId = parent?.traceId ?? newTraceId();
    const context: TraceContext = {
      traceId,
      spanId: newSpanId(),
      isSampled: isSampled(settings, traceId, parent),
      state: parent?.state ?? "",
    };
    return context.isSampled
      ? new TracedRequest(sink, context, parent, { id, handler, head })
      : unrecorded(context);
  },
});
