/** The pieces of a stream as they come, in browsers too, where a stream need not be iterable. */
export async function* streamedBytes(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // After the end, or an error, this does nothing.
    await reader.cancel().catch(() => {});
  }
}
