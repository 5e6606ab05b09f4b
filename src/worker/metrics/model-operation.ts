import type { Handler } from "../config/config-schema.js";

/** What the routes of OpenAI's API do, by the names of OpenTelemetry's conventions for generative AI. */
const OPERATIONS: readonly (readonly [end: string, operation: string])[] = [
  ["/chat/completions", "chat"],
  ["/completions", "text_completion"],
  ["/embeddings", "embeddings"],
  ["/responses", "chat"],
  ["/messages", "chat"],
  ["/generate_stream", "text_completion"],
  ["/generate", "text_completion"],
];

/**
 * `gen_ai.operation.name` of a handler.
 *
 * @returns undefined where its route at the model server does not say: nothing is then read of its answers.
 *
 * @example
 * ```ts
 * operationOf({ modelRoute: "/v1/embeddings" }); // "embeddings"
 * ```
 */
export const operationOf = ({ modelRoute }: Pick<Handler, "modelRoute">): string | undefined =>
  OPERATIONS.find(([end]) => modelRoute.endsWith(end))?.[1];
