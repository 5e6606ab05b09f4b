import type { SavedFile } from "./comfy-message.js";

/** A file of an answer of the wrapper. */
export interface OutputEntry extends SavedFile {
  /** Path on the instance. */
  readonly local_path: string;
  readonly node_id: string;
  /** As the node calls it: `images`, `audio`. */
  readonly output_type: string;
  /** Where it was uploaded to. */
  readonly url?: string;
  /** Why it was not uploaded. */
  readonly upload_error?: string;
  /** Its bytes in base64, where they were asked for, and their type. */
  readonly data?: string;
  readonly mimetype?: string;
  /** Why its bytes are not there. */
  readonly error?: string;
}

/** How far the wrapper is with a request, or what came of it. */
export interface GenerateResult {
  readonly id: string;
  readonly status: "pending" | "processing" | "generating" | "generated" | "completed" | "failed";
  readonly message: string;
  /** What ComfyUI keeps of it, where that was asked for. */
  readonly comfyui_response: Readonly<Record<string, unknown>>;
  readonly output: readonly OutputEntry[];
  readonly timings: Readonly<Record<string, number>>;
}
