/** Red, green and blue, from 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** The colours of a landscape. */
export interface Palette {
  readonly top: Color;
  readonly middle: Color;
  readonly horizon: Color;
  /** The sun, or the moon. */
  readonly sun: Color;
  /** How much of its light is around the sun, 0 to 1. */
  readonly glow: number;
  /** What is near. */
  readonly ground: Color;
  readonly hasStars: boolean;
}

/** Times of the day. */
export const PALETTES: readonly [Palette, ...Palette[]] = [
  {
    top: [44, 52, 110],
    middle: [176, 92, 128],
    horizon: [255, 186, 130],
    sun: [255, 238, 196],
    glow: 0.75,
    ground: [30, 22, 48],
    hasStars: false,
  },
  {
    top: [10, 16, 44],
    middle: [28, 46, 92],
    horizon: [96, 128, 160],
    sun: [240, 244, 250],
    glow: 0.45,
    ground: [8, 14, 30],
    hasStars: true,
  },
  {
    top: [98, 164, 206],
    middle: [164, 208, 222],
    horizon: [246, 234, 206],
    sun: [255, 250, 228],
    glow: 0.7,
    ground: [24, 62, 66],
    hasStars: false,
  },
  {
    top: [88, 62, 122],
    middle: [208, 128, 144],
    horizon: [254, 214, 186],
    sun: [255, 244, 222],
    glow: 0.65,
    ground: [46, 30, 62],
    hasStars: false,
  },
  {
    top: [36, 84, 98],
    middle: [120, 158, 132],
    horizon: [250, 208, 122],
    sun: [255, 240, 180],
    glow: 0.8,
    ground: [26, 40, 38],
    hasStars: false,
  },
];

/** A colour between two. @param share of the second, 0 to 1. */
export function mixed(first: Color, second: Color, share: number): Color {
  const part = Math.max(0, Math.min(1, share));
  return [
    first[0] + (second[0] - first[0]) * part,
    first[1] + (second[1] - first[1]) * part,
    first[2] + (second[2] - first[2]) * part,
  ];
}
