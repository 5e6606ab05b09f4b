import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { z } from "zod";
import { freePort } from "./free-port.js";

const value = z.object({
  stringValue: z.string().optional(),
  intValue: z.string().optional(),
  doubleValue: z.number().optional(),
});
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
        key,
        stringValue ?? doubleValue ?? Number(intValue),
      ]),
    ),
  );
const span = z.object({
  traceId: z.string().regex(/^[\da-f]{32}$/),
  spanId: z.string().regex(/^[\da-f]{16}$/),
  parentSpanId: z.string().optional(),
  traceState: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string().transform(BigInt),
  endTimeUnixNano: z.string().transform(BigInt),
  attributes,
  status: z.object({ code: z.number() }).optional(),
});
const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(span) })),
    }),
  ),
});

export type CollectedSpan = z.infer<typeof span>;

/** A collector that takes spans by OTLP over HTTP, in JSON, and checks their form. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly resources: Readonly<Record<string, unknown>>[] = [];
  /** Path and headers of each export. */
  readonly exports: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** Status of its answers. */
  status = 200;
  readonly port: number;
  readonly #server: Server;

  private constructor(port: number) {
    this.port = port;
    this.#server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      this.exports.push({ path: request.url ?? "", headers: request.headers });
      if (this.status === 200) this.#take(exportRequest.parse(JSON.parse(Buffer.concat(pieces).toString())));
      response.writeHead(this.status, { "content-type": "application/json" }).end("{}");
    });
  }

  /** @param listens false: it is down until `start`. */
  static async create(listens = true): Promise<TraceCollector> {
    const collector = new TraceCollector(await freePort());
    if (listens) await collector.start();
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The spans of the trace with a span of this name and these attributes, the one of the request first. */
  traceWith(requestAttributes: Readonly<Record<string, unknown>>): readonly CollectedSpan[] {
    const found = this.spans.find((each) =>
      Object.entries(requestAttributes).every(([key, expected]) => each.attributes[key] === expected),
    );
    return this.spans.filter(({ traceId }) => traceId === found?.traceId);
  }

  async start(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take({ resourceSpans }: z.infer<typeof exportRequest>): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resources.push(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
  }
}
