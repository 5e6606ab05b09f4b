import type { Payload } from "../shared/wire.js";

/** A request whose workload is estimated. */
export interface WorkloadRequest {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Path, such as `/v1/chat/completions`. */
  readonly path: string;
  /** The JSON body, or the form as the payload of a worker: files are base64 text. */
  readonly payload: Payload;
}

/** Workload of the reference request of every route, as the workers in front of servers with OpenAI's interface count. */
const REFERENCE = 500;
/** Tokens that count for a completion without a limit. */
const UNLIMITED = 100;
/** The workload of a request is kept between these numbers of reference requests. */
const LEAST = 0.1;
const MOST = 8;
/** Characters of the reference requests to embed, to rank and to speak. */
const EMBEDDED = 600;
const RANKED = 4960;
const SPOKEN = 500;
/** Pixels of the reference picture. */
const PIXELS = 1024 ** 2;

/** Size of a request in reference requests, by the end of its path; others count as one. */
const SIZES: Readonly<Record<string, (payload: Payload) => number>> = {
  "/completions": (payload) => tokenLimit(payload) / REFERENCE,
  "/responses": (payload) => tokenLimit(payload) / REFERENCE,
  "/messages": (payload) => tokenLimit(payload) / REFERENCE,
  "/embeddings": ({ input, messages, content }) => charactersOf(input ?? content ?? messages) / EMBEDDED,
  "/rerank": ({ query, documents, texts }) => pairsSize(query, documents ?? texts),
  "/score": ({ text_1, queries, text_2, documents }) => pairsSize(text_1 ?? queries, text_2 ?? documents),
  "/audio/speech": ({ input }) => charactersOf(input) / SPOKEN,
  "/images/generations": picturesSize,
  "/images/edits": picturesSize,
};

/**
 * Workload of a request as the example workers for vLLM and other servers with OpenAI's interface compute it: for
 * completions the limit of tokens, 100 without one; for other routes 500 for a reference request of the route. It is
 * between 50 and 4000.
 *
 * @example
 * ```ts
 * openAiWorkload({ endpoint: "llm", path: "/v1/completions", payload: { prompt: "Hi", max_tokens: 200 } }); // 200
 * ```
 */
export function openAiWorkload({ path, payload }: WorkloadRequest): number {
  const end = Object.keys(SIZES).find((each) => path.endsWith(each));
  const size = end === undefined ? 1 : (SIZES[end]?.(payload) ?? 1);
  return REFERENCE * Math.min(MOST, Math.max(LEAST, Number.isFinite(size) ? size : 1));
}

function tokenLimit({ max_completion_tokens, max_tokens, max_output_tokens }: Payload): number {
  const limit = Number(max_completion_tokens ?? max_tokens ?? max_output_tokens ?? UNLIMITED);
  return limit < 0 ? UNLIMITED : limit;
}

/** One text with each of the others, or pair by pair. */
function pairsSize(ones: unknown, others: unknown): number {
  const times = listOf(ones).length === 1 ? listOf(others).length : 1;
  return (charactersOf(ones) * times + charactersOf(others)) / RANKED;
}

function picturesSize({ n, size, width, height }: Payload): number {
  const [, across, down] = /^(\d+)x(\d+)$/.exec(String(size)) ?? [];
  const side = Math.sqrt(PIXELS);
  return (Number(n ?? 1) * Number(across ?? width ?? side) * Number(down ?? height ?? side)) / PIXELS;
}

/** Characters of a text or of all texts of a list; of anything else those of its JSON. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + charactersOf(each), 0);
  return JSON.stringify(value ?? "").length;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
