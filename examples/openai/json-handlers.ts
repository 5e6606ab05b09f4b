import type { HandlerConfig, Payload } from "tsworker";
import { checked } from "../payloads/checked.js";
import type { Rule } from "../payloads/faults-of.js";
import { text } from "../payloads/rules.js";
import { imageWorkload } from "./image-workload.js";
import { completions, MAX_QUEUE_TIME } from "./workload-units.js";

/** Characters that are read in the time in which a completion is made. */
const READ = 32_000;
/** Characters that are said in that time. */
const SAID = 500;

/** The routes besides completions that take and give JSON; `/v1/audio/speech` gives sound. */
export const jsonHandlers: readonly HandlerConfig[] = [
  handler("/v1/embeddings", { input: texts }, ({ input }) => lengthOf(input) / READ),
  handler("/v1/rerank", { query: text("Which one is about the sea?"), documents }, ({ query, documents }) => {
    return (lengthOf(documents) + listOf(documents).length * lengthOf(query)) / READ;
  }),
  handler("/v1/score", { text_1: texts, text_2: texts }, ({ text_1, text_2 }) => {
    // One with each of the others, or pair by pair.
    const times = listOf(text_1).length === 1 ? listOf(text_2).length : 1;
    return (lengthOf(text_1) * times + lengthOf(text_2)) / READ;
  }),
  handler("/v1/audio/speech", { input: text("Hello") }, ({ input }) => lengthOf(input) / SAID),
  handler("/v1/images/generations", { prompt: text("A lighthouse at night") }, imageWorkload),
];

/** @param size of a request, in completions. */
function handler(
  route: string,
  rules: Readonly<Record<string, Rule>>,
  size: (payload: Payload) => number,
): HandlerConfig {
  return {
    route,
    allowParallelRequests: true,
    maxQueueTime: MAX_QUEUE_TIME,
    requestParser: checked(rules),
    workloadCalculator: (payload) => completions(size(payload)),
  };
}

function texts(value: unknown): string | undefined {
  const isGiven = (typeof value === "string" || Array.isArray(value)) && value.length > 0;
  return isGiven ? undefined : "must be a text, or a list of texts";
}

function documents(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 ? undefined : "must be a list of texts";
}

/** Characters of a text or of all texts of a list. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? value.length : JSON.stringify(value ?? "").length;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
