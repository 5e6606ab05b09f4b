import { setImmediate as nextTurn } from "node:timers/promises";
import { random } from "../../../random.js";
import { flac, SAMPLE_RATE } from "./flac.js";

/** Seconds between two notes. */
const BEAT = 0.25;
/** Half-tones above the deepest note: a pentatonic scale, in which any two notes sound well together. */
const SCALE = [0, 3, 5, 7, 10, 12, 15, 17] as const;
const DEEPEST_HZ = 196;
/** Loudness of a note at its start, of 32767. */
const LOUDNESS = 7000;

/** A tune of plucked strings as a FLAC file. */
export async function tune(seed: number, seconds: number): Promise<Buffer> {
  const numbers = random(seed);
  const length = Math.round(seconds * SAMPLE_RATE);
  const [left, right] = [new Int16Array(length), new Int16Array(length)];
  for (let start = 0; start < seconds; start += BEAT) {
    await nextTurn();
    const step = SCALE[Math.floor(numbers() * SCALE.length)] ?? 0;
    const place = 0.25 + 0.5 * numbers();
    const note = { hertz: DEEPEST_HZ * 2 ** (step / 12), from: Math.round(start * SAMPLE_RATE) };
    pluck(note, left, LOUDNESS * (1 - place));
    pluck(note, right, LOUDNESS * place);
  }
  return flac({ left, right });
}

/** Adds a note that dies away within a second. */
function pluck(
  { hertz, from }: { readonly hertz: number; readonly from: number },
  into: Int16Array,
  loudness: number,
): void {
  const until = Math.min(into.length, from + SAMPLE_RATE);
  for (let at = from; at < until; at += 1) {
    const time = (at - from) / SAMPLE_RATE;
    const phase = 2 * Math.PI * hertz * time;
    const attack = Math.min(1, time / 0.004);
    const tone =
      Math.sin(phase) + 0.4 * Math.sin(2 * phase) * Math.exp(-4 * time) + 0.15 * Math.sin(3 * phase);
    into[at] = (into[at] ?? 0) + loudness * attack * Math.exp(-5 * time) * tone;
  }
}
