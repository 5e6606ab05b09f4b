/** Pixels that ComfyUI's pictures of the inside of a model stand for, in each direction. */
const STEP = 8;
const LEAST = 16;
const MOST = 16_384;

/** What is wrong with a width or a height; undefined: nothing, or there is none. */
export function sizeFault(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < LEAST || value > MOST) {
    return `must be an integer from ${LEAST} to ${MOST}, in pixels`;
  }
  if (value % STEP === 0) return undefined;
  const below = value - (value % STEP);
  return `must be a multiple of ${STEP}, such as ${below} or ${below + STEP}; got ${value}`;
}
