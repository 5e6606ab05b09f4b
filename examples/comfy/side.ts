import { integer, type Rule } from "../checks/payload.js";

/** Pixels that ComfyUI's pictures of the inside of a model stand for, in each direction. */
const STEP = 8;

const inRange = integer(16, 16_384);

/** A width or a height in pixels. */
export const side: Rule = (value, payload) => {
  const expected = inRange(value, payload);
  if (expected !== undefined || Number(value) % STEP === 0) return expected;
  const below = Number(value) - (Number(value) % STEP);
  return `must be a multiple of ${STEP}, such as ${below} or ${below + STEP}`;
};
