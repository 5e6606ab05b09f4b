/**
 * Round numbers from 0 up to at least `max`, with steps of 1, 2 or 5 times a power of ten.
 *
 * @param about how many steps there should be; there are about half to twice as many.
 */
export function ticksTo(max: number, about: number): readonly number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  const step = factor * power;
  const steps = Math.ceil(max / step - 1e-9);
  // Multiplied, not summed up, and rounded: 0.1 three times is not 0.3.
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
