/** Seconds that a scale of time may go on by. */
const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** Round numbers from 0 to `most` or just above, about `count` of them. */
export function valueTicks(most: number, count: number): readonly number[] {
  const rough = (most > 0 ? most : 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10);
  const ticks = Math.ceil((most > 0 ? most : 1) / step - 1e-9);
  return Array.from({ length: ticks + 1 }, (_, index) => index * step);
}

/** Moments as clocks have them, at most `count` from 0 to `last`. */
export function timeTicks(last: number, count: number): readonly number[] {
  const days = 86_400 * Math.ceil(last / count / 86_400);
  const step = TIME_STEPS.find((seconds) => last / seconds <= count) ?? days;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

/** A moment in the largest unit that all of them are whole in. */
export function tickText(seconds: number, step: number): string {
  if (step % 3600 === 0) return `${seconds / 3600} h`;
  if (step % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}
