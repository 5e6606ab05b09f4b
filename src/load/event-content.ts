type Fields = Readonly<Record<string, unknown>>;

/** The content of an event of a stream. */
interface EventContent {
  /** Pieces of text, one for each choice: an estimate of its tokens. */
  readonly pieces: number;
  /** Message of an error event; undefined: it is none. */
  readonly error: string | undefined;
}

/** Fields with the text of a choice or its delta in OpenAI's and Anthropic's interfaces. */
const TEXTS = ["content", "reasoning_content", "reasoning", "text", "thinking", "partial_json"] as const;

/** Fields with the text of an event of llama.cpp, Ollama, SGLang and OpenAI's responses. */
const OTHER_TEXTS = ["content", "response", "text", "delta"] as const;

/** Parses the data of an event. Data that is not JSON is text. */
export function eventContent(data: string): EventContent {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    return { pieces: data.trim() === "" ? 0 : 1, error: undefined };
  }
  if (!isFields(event))
    return { pieces: typeof event === "string" && event !== "" ? 1 : 0, error: undefined };
  const { error } = event;
  if (error) return { pieces: 0, error: messageOf(error) };
  return { pieces: piecesIn(event), error: undefined };
}

function piecesIn(event: Fields): number {
  const { choices, token, delta, message } = event;
  if (Array.isArray(choices)) return choices.filter(hasText).length;
  const isPiece =
    OTHER_TEXTS.some((name) => isText(event[name])) || [token, delta, message].some((part) => hasText(part));
  return isPiece ? 1 : 0;
}

/** Whether a choice, a token or a message has text, or calls a tool. */
function hasText(part: unknown): boolean {
  if (!isFields(part)) return false;
  const inner = isFields(part.delta) ? part.delta : part;
  const { tool_calls } = inner;
  return TEXTS.some((name) => isText(inner[name])) || (Array.isArray(tool_calls) && tool_calls.length > 0);
}

const messageOf = (error: unknown): string =>
  isFields(error) && isText(error.message)
    ? error.message
    : typeof error === "string"
      ? error
      : JSON.stringify(error);

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
