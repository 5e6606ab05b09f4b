/** Hues in degrees of states whose colour a person expects, by the first name of their path. */
const EXPECTED: Readonly<Record<string, number>> = {
  loading: 245,
  benchmarking: 300,
  verifying: 200,
  ready: 155,
  errored: 25,
  draining: 75,
  open: 155,
  closing: 75,
};

/** Degrees that keep states within an expected one apart from each other, to either side of it. */
const SPREAD = 25;

/** The other states' hues: as many as can be distinguished at a glance, and none that signals an error. */
const HUES = { first: 60, step: 24, count: 12 } as const;

/** A number from 0 to 1 that depends on the text only. */
function fractionOf(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  }
  // The last bits vary most from text to text, once they are mixed with the first.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  return ((hash ^ (hash >>> 13)) & 0xffff) / 0x10000;
}

/** The hue of a state's colour in degrees: a name always has the same. */
export function stateHue(state: string): number {
  const [name = "", ...inner] = state.split(".");
  const fraction = fractionOf(state);
  const expected = Object.hasOwn(EXPECTED, name) ? EXPECTED[name] : undefined;
  if (expected === undefined) return HUES.first + Math.floor(fraction * HUES.count) * HUES.step;
  return inner.length === 0 ? expected : Math.round(expected + (2 * fraction - 1) * SPREAD);
}
