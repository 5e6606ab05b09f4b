import { RefusedRequest } from "../simulated-model.js";
import { type Body, isObject, textOf } from "./request-body.js";
import { BEGIN, type Vocabulary } from "./vocabulary.js";

/** A text to continue, and its tokens. */
export interface Prompt {
  readonly text: string;
  readonly tokens: readonly number[];
}

const isToken = (value: unknown): value is number => Number.isInteger(value);

/** A text that begins a sequence. */
export function promptOf(text: string, vocabulary: Vocabulary): Prompt {
  return { text, tokens: [BEGIN, ...vocabulary.tokenize(text)] };
}

/**
 * The prompts of a field: a text, a list of tokens, of tokens and texts mixed, an object with a `prompt_string`; or a list of these.
 *
 * @param status of a refusal.
 * @throws RefusedRequest for anything else.
 */
export function promptsOf(value: unknown, vocabulary: Vocabulary, status = 400): readonly Prompt[] {
  const isList = Array.isArray(value) && !value.some(isToken);
  const prompts = (isList ? value : [value]).map((each) => singlePrompt(each, vocabulary, status));
  if (prompts.length > 0) return prompts;
  throw new RefusedRequest(status, '"prompt" must not be empty');
}

function singlePrompt(value: unknown, vocabulary: Vocabulary, status: number): Prompt {
  if (typeof value === "string") return promptOf(value, vocabulary);
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => isToken(each) || typeof each === "string")
  ) {
    const tokens = value.flatMap((each) => (isToken(each) ? [each] : vocabulary.tokenize(String(each))));
    return { text: vocabulary.detokenize(tokens) || tokens.join(" "), tokens };
  }
  if (isObject(value) && value.multimodal_data !== undefined && value.prompt_string !== undefined) {
    const message = "Multimodal data provided, but model does not support multimodal requests.";
    throw new RefusedRequest(status, message);
  }
  if (isObject(value) && typeof value.prompt_string === "string")
    return promptOf(value.prompt_string, vocabulary);
  const kinds =
    "a string, a list of tokens, a JSON object containing a prompt string, or a list of mixed strings & tokens";
  throw new RefusedRequest(status, `"prompt" elements must be ${kinds}.`);
}

/** The prompt of a conversation, by the template ChatML. @throws RefusedRequest for messages that the server refuses. */
export function chatPrompt(messages: unknown): string {
  if (messages === undefined) throw new RefusedRequest(400, "'messages' is required");
  if (!Array.isArray(messages)) throw new RefusedRequest(400, "Expected 'messages' to be an array");
  const turns = messages.map((message) => {
    if (!isObject(message)) throw new RefusedRequest(400, "Expected 'message' to be an object");
    const { role, content, tool_calls } = message;
    if (typeof role !== "string") throw new RefusedRequest(400, "Missing 'role' in message");
    if (role !== "assistant" && content === undefined) {
      throw new RefusedRequest(400, "All non-assistant messages must contain 'content'");
    }
    if (content === undefined && tool_calls === undefined) {
      throw new RefusedRequest(400, "Assistant message must contain either 'content' or 'tool_calls'!");
    }
    return `<|im_start|>${role}\n${contentText(content)}<|im_end|>\n`;
  });
  return `${turns.join("")}<|im_start|>assistant\n`;
}

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) return "";
  if (!Array.isArray(content)) throw new RefusedRequest(400, "Expected 'content' to be a string or an array");
  return content.map((part) => partText(isObject(part) ? part : {})).join("\n");
}

function partText({ type, text }: Body): string {
  if (type === "image_url" || type === "input_audio") {
    const kind = type === "image_url" ? "image" : "audio";
    const hint = "if this is unexpected, you may need to provide the mmproj";
    throw new RefusedRequest(500, `${kind} input is not supported - hint: ${hint}`);
  }
  if (type !== "text") throw new RefusedRequest(400, "unsupported content[].type");
  return textOf(text);
}

/** The messages of a request to `/v1/responses`. */
export function responsesMessages({ input, instructions }: Body): readonly Body[] {
  if (typeof input !== "string" && !Array.isArray(input))
    throw new RefusedRequest(400, "'input' is required");
  const items: readonly unknown[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  return [
    ...(typeof instructions === "string" ? [{ role: "system", content: instructions }] : []),
    ...items.map((item) => (isObject(item) ? { role: item.role, content: asText(item.content) } : {})),
  ];
}

/** The messages of a request to `/v1/messages`. */
export function anthropicMessages({ system, messages }: Body): readonly Body[] {
  if (!Array.isArray(messages)) throw new RefusedRequest(400, "'messages' is required");
  return [
    ...(system === undefined ? [] : [{ role: "system", content: asText(system) }]),
    ...messages.map((each) => (isObject(each) ? { role: each.role, content: asText(each.content) } : {})),
  ];
}

/** Parts of these two interfaces have their text in the same field, under other types. */
function asText(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.map((part) => textOf(isObject(part) ? part.text : undefined)).join("\n");
}

/** What is to be filled in between a prefix and a suffix. @throws RefusedRequest where one of them is missing. */
export function infillPrompt({ input_prefix, input_suffix, input_extra, prompt }: Body): string {
  for (const [field, value] of Object.entries({ input_prefix, input_suffix })) {
    if (typeof value === "string") continue;
    throw new RefusedRequest(500, `[json.exception.out_of_range.403] key '${field}' not found`);
  }
  const extra = (Array.isArray(input_extra) ? input_extra : []).map((each) =>
    textOf(isObject(each) ? each.text : ""),
  );
  return `${extra.join("\n")}<|fim_prefix|>${input_prefix}${textOf(prompt)}<|fim_suffix|>${input_suffix}<|fim_middle|>`;
}
