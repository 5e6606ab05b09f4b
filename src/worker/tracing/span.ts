/** Value of an attribute. Integers are written as such. */
export type AttributeValue = string | number | readonly string[];

/** What a span is about, by the names of OpenTelemetry's semantic conventions. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** The kinds of OTLP that a worker has. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;

/** A part of the work for a request, from one moment to another. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: it has no parent. */
  readonly parentId: string | undefined;
  /** Header `tracestate` of its trace; empty without one. */
  readonly state: string;
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  /** Epoch milliseconds with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Status of a span that failed, as OTLP numbers it. */
const ERROR_STATUS = 2;

/**
 * Spans as the JSON of OTLP.
 *
 * @param resource attributes of the process.
 * @param scope name and version of what records them.
 */
export function otlpJson(
  spans: readonly Span[],
  resource: Attributes,
  scope: { readonly name: string; readonly version: string },
): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope, spans: spans.map(written) }],
      },
    ],
  });
}

const written = (span: Span) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentId !== undefined && { parentSpanId: span.parentId }),
  ...(span.state !== "" && { traceState: span.state }),
  name: span.name,
  kind: KINDS[span.kind],
  startTimeUnixNano: nanoseconds(span.startedAt),
  endTimeUnixNano: nanoseconds(Math.max(span.startedAt, span.endedAt)),
  attributes: attributesOf(span.attributes),
  ...(span.isError && { status: { code: ERROR_STATUS } }),
});

/** Whole microseconds are exact in a number; nanoseconds since 1970 are not. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1000)}000`;

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: otlpValue(value) }],
  );

function otlpValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value !== "number") return { arrayValue: { values: value.map(otlpValue) } };
  // OTLP writes integers of 64 bits as text.
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
