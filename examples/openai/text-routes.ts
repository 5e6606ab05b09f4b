import type { Payload } from "tsworker";
import { isGiven, isObject, type Rule } from "../checks/payload.js";
import { randomText, randomWords } from "../checks/random-words.js";
import { integerVariable } from "../checks/variables.js";
import type { OpenaiRoute } from "./route.js";

/** Tokens of the reference completion. */
const TOKENS = 500;
/** Tokens that count for a request without a limit: what clients announce for it. */
const UNLIMITED = 100;

/** The reference request to rank: a query with so many documents, in characters. */
const QUERY = 60;
const DOCUMENT = 250;
const DOCUMENTS = 16;
const PAIRS = DOCUMENTS * (QUERY + DOCUMENT);

/** How all routes of this file are benchmarked. */
const TIMES = { concurrency: 10, runs: 3 };

/** An answer that ends early would be less work than requested. */
const generation = (tokens: number) => ({ max_tokens: tokens, ignore_eos: true, temperature: 0.7 });

const conversation = () => [{ role: "user", content: randomWords(250) }];
const documents = () => Array.from({ length: DOCUMENTS }, () => randomText(DOCUMENT));

/** The routes that take and make text: completions, and what embeds and ranks texts. */
export function textRoutes(): readonly OpenaiRoute[] {
  const embedded = integerVariable("BENCHMARK_EMBED_CHARS", { fallback: 600, least: 1, most: 1_000_000 });
  return [
    {
      route: "/v1/completions",
      rules: { prompt },
      size: (payload) => tokenLimit(payload) / TOKENS,
      benchmark: { ...TIMES, payload: () => ({ prompt: randomWords(250), ...generation(TOKENS) }) },
    },
    {
      route: "/v1/chat/completions",
      rules: { messages },
      size: (payload) => tokenLimit(payload) / TOKENS,
      benchmark: { ...TIMES, payload: () => ({ messages: conversation(), ...generation(TOKENS) }) },
    },
    {
      route: "/v1/chat/completions/batch",
      isBatch: true,
      rules: { messages: conversations },
      size: (payload) => (listOf(payload.messages).length * tokenLimit(payload)) / TOKENS,
      benchmark: {
        ...TIMES,
        payload: () => ({ messages: [conversation(), conversation()], ...generation(TOKENS / 2) }),
      },
    },
    {
      route: "/v1/embeddings",
      // Chats are embedded by some servers, and llama.cpp has had another name for the field.
      rules: { input: oneOf("must be a text, or a list of texts", "messages", "content") },
      size: ({ input, messages, content }) => charactersOf(input ?? content ?? messages) / embedded,
      benchmark: { ...TIMES, payload: () => ({ input: randomText(embedded) }) },
    },
    {
      route: "/v1/rerank",
      rules: {
        query: oneOf("must be a text"),
        documents: oneOf("must be a list of texts", "texts"),
      },
      size: ({ query, documents, texts }) => pairsSize(query, documents ?? texts),
      benchmark: { ...TIMES, payload: () => ({ query: randomText(QUERY), documents: documents() }) },
    },
    {
      route: "/v1/score",
      rules: {
        text_1: oneOf("must be a text, or a list of texts", "queries", "data_1"),
        text_2: oneOf("must be a text, or a list of texts", "documents", "items", "data_2"),
      },
      size: ({ text_1, queries, data_1, text_2, documents, items, data_2 }) =>
        pairsSize(text_1 ?? queries ?? data_1, text_2 ?? documents ?? items ?? data_2),
      benchmark: { ...TIMES, payload: () => ({ text_1: randomText(QUERY), text_2: documents() }) },
    },
  ];
}

/** Tokens that a request may make. A negative limit is none, as with llama.cpp. */
export function tokenLimit({ max_completion_tokens, max_tokens }: Payload): number {
  const limit = max_completion_tokens ?? max_tokens ?? UNLIMITED;
  return Number(limit) < 0 ? UNLIMITED : Number(limit);
}

/** A rule for a field that all servers need, unless one of the others is there. */
export function oneOf(expected: string, ...others: readonly string[]): Rule {
  return (value, payload) =>
    isGiven(value) || others.some((name) => isGiven(payload[name])) ? undefined : expected;
}

const prompt: Rule = (value, payload) => {
  // A text, tokens, a list of either, or llama.cpp's object with a `prompt_string`; an empty one is the server's to judge.
  if (isGiven(value) || isGiven(payload.prompt_embeds)) return undefined;
  if (payload.messages !== undefined) return 'must be a text; "messages" go to /v1/chat/completions';
  return 'must be a text such as "Hello", or a list of texts';
};

const messages: Rule = (value, payload) => {
  if (Array.isArray(value)) return messageFault(value);
  if (payload.prompt !== undefined) return 'must be a list of messages; a "prompt" goes to /v1/completions';
  return 'must be a list such as [{"role":"user","content":"Hello"}]';
};

const conversations: Rule = (value) => {
  if (!Array.isArray(value) || !value.every((each) => Array.isArray(each)))
    return 'must be a list of conversations such as [[{"role":"user","content":"Hello"}]]';
  const at = value.findIndex((each) => messageFault(each) !== undefined);
  return at < 0 ? undefined : `conversation ${at + 1}: ${messageFault(value[at] ?? [])}`;
};

function messageFault(list: readonly unknown[]): string | undefined {
  const at = list.findIndex((message) => !isObject(message) || typeof message.role !== "string");
  return at < 0 ? undefined : `message ${at + 1} must be an object with a role and content`;
}

/** One text with each of the others, or pair by pair. */
function pairsSize(ones: unknown, others: unknown): number {
  const times = listOf(ones).length === 1 ? listOf(others).length : 1;
  return (charactersOf(ones) * times + charactersOf(others)) / PAIRS;
}

/** Characters of a text or of all texts of a list; of anything else those of its JSON. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (!Array.isArray(value) || !value.every((each): each is string => typeof each === "string"))
    return JSON.stringify(value ?? "").length;
  return value.reduce((sum, each) => sum + each.length, 0);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
