import { random } from "../../shared/random.js";

/** Loss of a guess among ten classes, and the one that is not undercut. */
const FIRST = Math.log(10);
const LAST = 0.25;

/** Batches in which the distance to the last loss shrinks to a third. */
const DECAY = 60;

/** How far a loss may lie from the curve, as a share of it. */
const NOISE = 0.08;

/**
 * Losses as training has them: they fall, fast at first, and waver.
 *
 * @returns what gives the loss of each batch in turn.
 */
export function lossCurve(seed: number): () => number {
  const next = random(seed);
  let batch = 0;
  return () => {
    const level = LAST + (FIRST - LAST) * Math.exp(-batch / DECAY);
    batch += 1;
    return level * (1 + NOISE * (2 * next() - 1));
  };
}
