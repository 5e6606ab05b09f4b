import { createParser } from "eventsource-parser";
import { streamedText } from "./streamed-text.js";

/**
 * The `data` of each server-sent event in a stream of bytes, as soon as the event is complete. An event that
 * the stream ends in the middle of is dropped, as the standard has it.
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
  // A carriage return may be half a line end, so the parser waits for what follows: nothing does.
  if (last.endsWith("\r")) parser.feed("\n");
  yield* complete;
}
