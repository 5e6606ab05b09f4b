/** An error of the worker or of the model. */
export interface StreamError {
  readonly status: number;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The format in which a kind of model server sends errors and ends streams. */
export interface EventFamily {
  /** Data of an error event. */
  readonly errorOf: (error: StreamError) => Fields;
  /** Whether the answer of a model is an error in this format already. */
  readonly isError: (body: Fields) => boolean;
  /** Type of an error event; undefined: none. */
  readonly errorType: string | undefined;
  /** End of the stream. */
  readonly end: string;
}

/** Longest error text of a model that is relayed, in characters. */
const MAX_TEXT = 1000;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** vLLM, SGLang, llama.cpp and most others. */
const OPENAI: EventFamily = {
  errorOf: ({ status, message }) => ({
    error: { message, type: status < 500 ? "invalid_request_error" : "server_error", code: status },
  }),
  isError: ({ error }) => isObject(error),
  errorType: undefined,
  end: "data: [DONE]\n\n",
};

/** The route of Text Generation Inference that always streams. */
const TGI: EventFamily = {
  errorOf: ({ status, message }) => ({
    error: message,
    error_type: status === 503 ? "overloaded" : "generation",
  }),
  isError: ({ error }) => typeof error === "string",
  errorType: "error",
  end: "",
};

/** The Messages API of Anthropic, which vLLM and llama.cpp implement, too. */
const ANTHROPIC: EventFamily = {
  errorOf: ({ status, message }) => ({
    type: "error",
    error: { type: status < 500 ? "invalid_request_error" : "api_error", message },
  }),
  isError: ({ type, error }) => type === "error" && isObject(error),
  errorType: "error",
  end: "",
};

/** The format for a route. */
export function eventFamilyOf(route: string): EventFamily {
  if (route.endsWith("/generate_stream")) return TGI;
  return route.endsWith("/v1/messages") ? ANTHROPIC : OPENAI;
}

/** An error event, and the end of the stream. */
export const errorEvents = (family: EventFamily, error: StreamError): string =>
  eventsOf(family, family.errorType, JSON.stringify(family.errorOf(error)));

/** A model's answer with another status than 2xx, as an error event and the end of the stream. */
export function refusalEvents(family: EventFamily, status: number, text: string): string {
  const body = parsed(text);
  if (isObject(body) && family.isError(body)) return eventsOf(family, family.errorType, JSON.stringify(body));
  const message = messageIn(body) ?? (text.slice(0, MAX_TEXT) || `the model answered ${status}`);
  return errorEvents(family, { status, message });
}

/** A whole JSON answer as the only event, and the end of the stream. */
export const wholeEvents = (family: EventFamily, json: string): string => eventsOf(family, undefined, json);

/** @param data JSON, in which line breaks are between tokens only. */
function eventsOf({ end }: EventFamily, type: string | undefined, data: string): string {
  const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
  return `${type === undefined ? "" : `event: ${type}\n`}${lines.join("")}\n${end}`;
}

/** The error text, from the fields that model servers use. */
function messageIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { error, message, detail } = body;
  const texts = [isObject(error) ? error.message : error, message, detail];
  return texts.find((text): text is string => typeof text === "string" && text !== "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
