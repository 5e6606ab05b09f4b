import { createParser } from "eventsource-parser";

/** The chunks of a stream, in browsers too, where a stream need not be iterable. */
export async function* streamedBytes(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // No effect after the end or an error.
    await reader.cancel().catch(() => {});
  }
}

/** The text of a UTF-8 stream, chunk by chunk; a character that is split between chunks is yielded whole. */
async function* streamedText(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const bytes of streamedBytes(body)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

/** The lines of a stream, each as soon as it is complete, without empty ones. The last one needs no line end. */
export async function* streamLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of streamedText(body)) {
    if (!text.includes("\n")) {
      rest += text;
      continue;
    }
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line;
  }
  if (rest.trim() !== "") yield rest;
}

/**
 * The `data` of each server-sent event of a stream, as soon as the event is complete. An incomplete event at the end is
 * dropped, as the standard requires.
 */
export async function* sseData(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const complete: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => complete.push(data) });
  let last = "";
  for await (const text of streamedText(body)) {
    if (text === "") continue;
    last = text;
    parser.feed(text);
    yield* complete.splice(0);
  }
  // A carriage return at the end may be half of a line end, so the parser still waits for the line feed.
  if (last.endsWith("\r")) parser.feed("\n");
  yield* complete;
}
