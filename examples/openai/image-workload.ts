import type { Payload } from "tsworker";

const DEFAULT_SIZE = "1024x1024";

/** What images take, in completions: one of 1024 × 1024 as long as one. */
export function imageWorkload({ n, size }: Payload): number {
  const [width = 0, height = 0] = String(size ?? DEFAULT_SIZE)
    .split("x")
    .map(Number);
  return (Number(n ?? 1) * width * height) / 1024 ** 2;
}
