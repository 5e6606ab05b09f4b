import { streamedBytes } from "./streamed-bytes.js";

/**
 * The text of a stream of UTF-8 bytes, piece by piece as it comes; a character that is cut comes whole. Whoever leaves
 * it early cancels the stream.
 */
export async function* streamedText(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const bytes of streamedBytes(body)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}
