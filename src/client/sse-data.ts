import { createParser } from "eventsource-parser";

/**
 * The `data` of each server-sent event in a stream of bytes, as soon as the event is complete. An event that
 * the stream ends in the middle of is dropped, as the standard has it.
 */
export async function* sseData(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const complete: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => complete.push(data) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text = decoder.decode(value, { stream: true });
      parser.feed(text);
      yield* complete.splice(0);
    }
    // A carriage return may be half a line end, so the parser waits for what follows: nothing does.
    if (text.endsWith("\r")) parser.feed("\n");
    yield* complete;
  } finally {
    // A consumer that stops early closes the connection. After the end, or an error, this does nothing.
    await reader.cancel().catch(() => {});
  }
}
