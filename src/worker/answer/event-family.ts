/** An error as the worker or the model tells it. */
export interface StreamError {
  readonly status: number;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** How the servers of a kind write events. */
export interface EventFamily {
  /** Data of an error. */
  readonly errorOf: (error: StreamError) => Fields;
  /** Whether what a model answered is an error of this kind already. */
  readonly isError: (body: Fields) => boolean;
  /** Type of the event that tells of an error; undefined: it has none. */
  readonly errorType: string | undefined;
  /** What the stream ends with. */
  readonly end: string;
}

/** Characters of a model's error text that are passed on. */
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

/** The Messages API of Anthropic, which vLLM and llama.cpp have, too. */
const ANTHROPIC: EventFamily = {
  errorOf: ({ status, message }) => ({
    type: "error",
    error: { type: status < 500 ? "invalid_request_error" : "api_error", message },
  }),
  isError: ({ type, error }) => type === "error" && isObject(error),
  errorType: "error",
  end: "",
};

/** The family of the server that has this route. */
export function eventFamilyOf(route: string): EventFamily {
  if (route.endsWith("/generate_stream")) return TGI;
  return route.endsWith("/v1/messages") ? ANTHROPIC : OPENAI;
}

/** The event of an error, and the end of the stream. */
export const errorEvents = (family: EventFamily, error: StreamError): string =>
  eventsOf(family, family.errorType, JSON.stringify(family.errorOf(error)));

/** A model's answer that is no 2xx, as the event of an error and the end of the stream. */
export function refusalEvents(family: EventFamily, status: number, text: string): string {
  const body = parsed(text);
  if (isObject(body) && family.isError(body)) return eventsOf(family, family.errorType, JSON.stringify(body));
  const message = messageIn(body) ?? (text.slice(0, MAX_TEXT) || `the model answered ${status}`);
  return errorEvents(family, { status, message });
}

/** A whole answer in JSON as the only event, and the end of the stream. */
export const wholeEvents = (family: EventFamily, json: string): string => eventsOf(family, undefined, json);

/** @param data JSON, whose line breaks are blanks between its tokens. */
function eventsOf({ end }: EventFamily, type: string | undefined, data: string): string {
  const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
  return `${type === undefined ? "" : `event: ${type}\n`}${lines.join("")}\n${end}`;
}

/** What model servers say in an error, in the fields in which they say it. */
function messageIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { error, message, detail } = body;
  const told = [isObject(error) ? error.message : error, message, detail];
  return told.find((text): text is string => typeof text === "string" && text !== "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
