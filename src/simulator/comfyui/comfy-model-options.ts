import type { LoadError } from "./load-error.js";

/** Options of a simulated ComfyUI. */
export interface ComfyModelOptions {
  /**
   * Milliseconds of a sampling step of a picture or of sound; one of a video takes ten times as long.
   * @default 50
   */
  readonly stepMs?: number;
  /**
   * Which log it writes: that of ComfyUI, as workers of older images read it, or that of the API wrapper.
   * @default "newer"
   */
  readonly image?: "older" | "newer";
  /**
   * Why it does not come up where its failure is `out-of-memory`.
   * @default "file" for an older image, "backends" for a newer one
   */
  readonly loadError?: LoadError;
}
