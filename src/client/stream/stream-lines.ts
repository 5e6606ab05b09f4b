import { streamedText } from "./streamed-text.js";

/** The lines of a stream of bytes, each as soon as it is complete, without empty ones. The last needs no line end. */
export async function* streamLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let held = "";
  for await (const text of streamedText(body)) {
    if (!text.includes("\n")) {
      held += text;
      continue;
    }
    const lines = (held + text).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line;
  }
  if (held.trim() !== "") yield held;
}
