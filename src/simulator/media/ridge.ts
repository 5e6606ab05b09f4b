import { type Random, random } from "../../shared/random.js";

/** A range of mountains, or a row of trees. */
export interface Ridge {
  /** How much of the near colour it has: 0 is far away. */
  readonly nearness: number;
  /** Where its middle is, as a share of the picture's height from above. */
  readonly level: number;
  /** How far it rises above and falls below that. */
  readonly relief: number;
  /** Mountains per width of a square picture. */
  readonly frequency: number;
  readonly isForest: boolean;
  /** Heights from -1 to 1 that its line goes through. */
  readonly points: Float64Array;
}

const POINTS = 512;
const RANGES = 5;
/** Finer lines on top of coarser ones: each has half the height, and twice as many points. */
const OCTAVES = 6;
/** Trees per width of a square picture. */
const TREES = 85;

/** The ranges of a landscape, from far to near; the nearest is a forest. */
export function ridgesOf(numbers: Random): readonly Ridge[] {
  return Array.from({ length: RANGES }, (_, at) => {
    const near = at / (RANGES - 1);
    const isForest = at === RANGES - 1;
    const points = random(Math.floor(numbers() * 2 ** 32));
    return {
      nearness: 0.2 + 0.75 * near ** 1.2,
      level: isForest ? 0.675 : 0.46 + 0.2 * near,
      relief: isForest ? 0.022 : 0.1 * (1 - near) + 0.05,
      frequency: isForest ? 2.2 : 1.6 + 1.4 * near,
      isForest,
      points: Float64Array.from({ length: POINTS }, () => 2 * points() - 1),
    };
  });
}

/**
 * Where the top of a range is, as a share of the picture's height from above.
 *
 * @param x share of the width.
 * @param aspect width divided by height.
 */
export function heightAt(ridge: Ridge, x: number, aspect: number): number {
  const across = x * aspect;
  let line = 0;
  for (let octave = 0; octave < OCTAVES; octave += 1) {
    const scale = 2 ** octave;
    line += smooth(ridge.points, across * ridge.frequency * scale + 37 * octave) / scale;
  }
  const top = ridge.level - ridge.relief * line;
  return ridge.isForest ? top - tree(ridge.points, across * TREES) : top;
}

/** Goes through the points in soft curves, and around. */
function smooth(points: Float64Array, at: number): number {
  const before = Math.floor(at);
  const from = points[before % POINTS] ?? 0;
  const to = points[(before + 1) % POINTS] ?? 0;
  const share = at - before;
  return from + (to - from) * share * share * (3 - 2 * share);
}

/** The height of the highest fir at a place: those of the cells beside reach into it. */
function tree(points: Float64Array, at: number): number {
  const cell = Math.floor(at);
  let top = 0;
  for (const each of [cell - 1, cell, cell + 1]) {
    const chance = points[(each * 7 + 3 * POINTS) % POINTS] ?? 0;
    const height = 0.02 + 0.014 * chance;
    const off = Math.abs(at - each - 0.5 - 0.3 * chance);
    top = Math.max(top, height * (1 - off / 0.85));
  }
  return top;
}
