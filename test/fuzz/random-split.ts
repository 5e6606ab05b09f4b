import type { seededRandom } from "../machines/support/seeded-random.js";

export type Random = ReturnType<typeof seededRandom>;

/** The body in pieces, some of them empty, at addresses that are multiples of nothing. */
export function randomSplit(body: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: random.below(5) }, () => random.below(body.length + 1)).sort(
    (a, b) => a - b,
  );
  const pieces: Buffer[] = [];
  let start = 0;
  for (const cut of [...cuts, body.length]) {
    const shift = random.below(8);
    const piece = Buffer.alloc(shift + cut - start, '"');
    body.copy(piece, shift, start, cut);
    pieces.push(piece.subarray(shift));
    start = cut;
  }
  return pieces;
}
