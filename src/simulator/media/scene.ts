import { type Random, random } from "../../shared/random.js";
import { type Color, mixed, PALETTES, type Palette } from "./palette.js";
import { heightAt, type Ridge, ridgesOf } from "./ridge.js";

/** A rectangle of pixels; right and bottom are outside of it. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Share of the height that is above the water. */
const SHORE = 0.7;
/** Shares of the width, or of the height where that is less. */
const SUN_RADIUS = 0.052;
/** Share of the height by which the sun goes down. */
const SUN_FALL = 0.1;
/** Chance of a star at a pixel of a picture 512 pixels wide. */
const STARS = 0.0012;

/** A landscape of mountains by a lake, with a sun or a moon that goes down; it depends on nothing but its seed. */
export class Scene {
  readonly #width: number;
  readonly #height: number;
  readonly #palette: Palette;
  /** From far to near; each with its top edge by column, in pixels. */
  readonly #ridges: readonly { readonly ridge: Ridge; readonly edge: Float64Array }[];
  readonly #sun: { readonly x: number; readonly y: number; readonly radius: number };
  readonly #stars: Set<number>;
  readonly #shore: number;

  constructor(seed: number, width: number, height: number) {
    const numbers = random(seed);
    this.#width = width;
    this.#height = height;
    this.#palette = PALETTES[Math.floor(numbers() * PALETTES.length)] ?? PALETTES[0];
    this.#shore = Math.round(height * SHORE);
    const radius = SUN_RADIUS * Math.min(width, height);
    this.#sun = { x: width * (0.25 + 0.5 * numbers()), y: height * (0.16 + 0.08 * numbers()), radius };
    this.#ridges = ridgesOf(numbers).map((ridge) => ({
      ridge,
      edge: Float64Array.from(
        { length: width },
        (_, x) => height * heightAt(ridge, x / width, width / height),
      ),
    }));
    this.#stars = this.#palette.hasStars ? starsOf(numbers, width, this.#shore) : new Set();
  }

  /**
   * Paints one pixel as red, green and blue.
   *
   * @param moment from 0 to 1: how far the sun has gone down.
   */
  paint(x: number, y: number, moment: number, into: Uint8Array, at: number): void {
    const color = y < this.#shore ? this.#land(x, y, moment) : this.#water(x, y, moment);
    // An ordered pattern of half a step, so that soft gradients have no bands.
    const dither = (((x + 2 * y) & 3) - 1.5) / 4;
    for (let part = 0; part < 3; part += 1) {
      into[at + part] = Math.max(0, Math.min(255, Math.round((color[part] ?? 0) + dither)));
    }
  }

  /** Where a pixel may change while the sun goes from one moment to another: it, and its reflection. */
  moving(from: number, to: number): readonly Area[] {
    const { x, y, radius } = this.#sun;
    const fall = SUN_FALL * this.#height;
    const around = 2 + radius;
    const left = Math.floor(x - around);
    const right = Math.ceil(x + around);
    const top = Math.floor(y + fall * from - around);
    const bottom = Math.ceil(y + fall * to + around);
    const ripple = Math.ceil(this.#width / 100);
    return [
      { left, top, right, bottom },
      {
        left: left - ripple,
        top: Math.floor(this.#mirrored(bottom)) - 1,
        right: right + ripple,
        bottom: Math.ceil(this.#mirrored(top)) + 1,
      },
    ];
  }

  /** The row of the water that shows a row of the land. */
  #mirrored(y: number): number {
    return this.#shore + ((this.#shore - y) * (1 - SHORE)) / SHORE;
  }

  /** @param behind index of the nearest range that counts. */
  #land(x: number, y: number, moment: number, behind = this.#ridges.length - 1): Color {
    for (let at = behind; at >= 0; at -= 1) {
      const layer = this.#ridges[at];
      const edge = layer?.edge[x] ?? 0;
      const covered = y + 1 - edge;
      if (!layer || covered <= 0) continue;
      const { middle, horizon, ground } = this.#palette;
      const { nearness } = layer.ridge;
      const haze = mixed(middle, horizon, 0.55);
      // Mist lies at the foot of each range, and less of it on near ones.
      const depth = (y - edge) / Math.max(1, this.#shore - edge);
      const body = mixed(mixed(haze, ground, nearness), horizon, 0.6 * depth * (1 - nearness ** 2));
      return covered < 1 ? mixed(this.#land(x, y, moment, at - 1), body, covered) : body;
    }
    return this.#sky(x, y, moment);
  }

  #sky(x: number, y: number, moment: number): Color {
    const { top, middle, horizon, sun, glow } = this.#palette;
    const height = y / this.#shore;
    const air = height < 0.5 ? mixed(top, middle, height * 2) : mixed(middle, horizon, (height - 0.5) * 2);
    const { x: sunX, y: sunY, radius } = this.#sun;
    // The glow stays where the sun is half-way, so that only the sun itself moves.
    const fromGlow = Math.hypot(x - sunX, y - sunY - (SUN_FALL * this.#height) / 2) / radius;
    const lit = mixed(air, sun, glow * Math.exp(-fromGlow / 3.2));
    const fromSun = Math.hypot(x - sunX, y - sunY - SUN_FALL * this.#height * moment) - radius;
    if (fromSun < 1) return mixed(sun, lit, Math.max(0, fromSun));
    return this.#stars.has(y * this.#width + x) ? mixed(lit, STAR, 0.85 * (1 - height)) : lit;
  }

  #water(x: number, y: number, moment: number): Color {
    const depth = (y - this.#shore) / (this.#height - this.#shore);
    const wave = Math.sin(y * y * 0.013 + y * 1.9) + Math.sin(x * 0.021 + y * 0.73);
    const shift = Math.round(((wave * this.#width) / 200) * (0.25 + 0.75 * depth));
    const shownX = Math.max(0, Math.min(this.#width - 1, x + shift));
    const shownY = Math.max(0, Math.round(this.#shore - ((y - this.#shore) * SHORE) / (1 - SHORE)) - 1);
    const shown = this.#land(shownX, shownY, moment);
    return mixed(shown, this.#palette.ground, 0.24 + 0.3 * depth + (wave > 1.2 ? 0.06 : 0));
  }
}

const STAR: Color = [255, 252, 240];

function starsOf(numbers: Random, width: number, height: number): Set<number> {
  const stars = new Set<number>();
  const count = width * height * STARS * (512 / width);
  for (let made = 0; made < count; made += 1) {
    const x = Math.floor(numbers() * width);
    // Fewer of them near the horizon.
    stars.add(Math.floor(numbers() ** 1.5 * height * 0.8) * width + x);
  }
  return stars;
}
