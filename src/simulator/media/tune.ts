import { setImmediate as nextTurn } from "node:timers/promises";
import { random } from "../../shared/random.js";
import { flac, SAMPLE_RATE } from "./flac.js";

/** Seconds between two notes. */
const BEAT = 0.25;
/** Half-tones above the deepest note: a pentatonic scale, in which any two notes sound well together. */
const SCALE = [0, 3, 5, 7, 10, 12, 15, 17] as const;
const DEEPEST_HZ = 196;
/** Loudness of a note at its start, of 32767. */
const LOUDNESS = 7000;
/** Seconds until it is there. */
const ATTACK = 0.004;

/**
 * A tune of plucked strings as a FLAC file.
 *
 * @throws the signal's reason when it is aborted meanwhile.
 */
export async function tune(seed: number, seconds: number, signal?: AbortSignal): Promise<Buffer> {
  const numbers = random(seed);
  const length = Math.round(seconds * SAMPLE_RATE);
  const [left, right] = [new Int16Array(length), new Int16Array(length)];
  for (let start = 0; start < seconds; start += BEAT) {
    await nextTurn(undefined, signal && { signal });
    const step = SCALE[Math.floor(numbers() * SCALE.length)] ?? 0;
    const place = 0.25 + 0.5 * numbers();
    pluck(DEEPEST_HZ * 2 ** (step / 12), Math.round(start * SAMPLE_RATE), place, left, right);
  }
  return flac({ left, right });
}

/** Adds a note that dies away within a second. @param place from 0, on the left, to 1. */
function pluck(hertz: number, from: number, place: number, left: Int16Array, right: Int16Array): void {
  const until = Math.min(left.length, from + SAMPLE_RATE);
  for (let at = from; at < until; at += 1) {
    const time = (at - from) / SAMPLE_RATE;
    const phase = 2 * Math.PI * hertz * time;
    const tone =
      Math.sin(phase) + 0.4 * Math.sin(2 * phase) * Math.exp(-4 * time) + 0.15 * Math.sin(3 * phase);
    const sound = LOUDNESS * Math.min(1, time / ATTACK) * Math.exp(-5 * time) * tone;
    left[at] = (left[at] ?? 0) + (1 - place) * sound;
    right[at] = (right[at] ?? 0) + place * sound;
  }
}
