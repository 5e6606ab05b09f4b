import { readFileSync } from "node:fs";

/** Seconds of the sound that the benchmark has transcribed. */
export const SAMPLE_SECONDS = 30;

/** Bytes of the head of `speech.wav`, up to its samples. */
const HEAD = 44;
/** Seconds of each sentence in it, with the silence behind it. */
const SENTENCE_SECONDS = 2.5;

/**
 * 30 s of speech as a WAV file in base64. The sentences of `speech.wav`, which eSpeak NG has spoken, come in another order
 * each time, and so no two are the same.
 */
export function speechSample(): string {
  const wav = readFileSync(new URL("speech.wav", import.meta.url));
  const head = Buffer.from(wav.subarray(0, HEAD));
  const sentenceBytes = SENTENCE_SECONDS * head.readUInt32LE(28);
  const count = Math.floor((wav.length - HEAD) / sentenceBytes);
  const sentences = Array.from({ length: SAMPLE_SECONDS / SENTENCE_SECONDS }, () => {
    const at = HEAD + sentenceBytes * Math.floor(Math.random() * count);
    return wav.subarray(at, at + sentenceBytes);
  });
  const bytes = sentences.length * sentenceBytes;
  head.writeUInt32LE(HEAD - 8 + bytes, 4);
  head.writeUInt32LE(bytes, HEAD - 4);
  return Buffer.concat([head, ...sentences]).toString("base64");
}
