import { unpack } from "msgpackr";
import type { Frame } from "../recorder/frames.js";

/** A frame that this page cannot show. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** @throws FrameError where it is no frame, or one of another format. */
export function readFrame(bytes: Uint8Array): Frame {
  const frame = unpacked(bytes);
  if (typeof frame !== "object" || frame === null || !("type" in frame))
    throw new FrameError("the worker sent something that is no frame");
  if (frame.type === "hello" && (!("format" in frame) || frame.format !== 1)) {
    const format = "format" in frame ? String(frame.format) : "none";
    throw new FrameError(
      `the worker speaks format ${format}, this page format 1: reload it, or use the page of that version`,
    );
  }
  if (frame.type !== "hello" && frame.type !== "tick")
    throw new FrameError(`the worker sent a frame of unknown type: ${String(frame.type)}`);
  // Beyond this, the page takes the word of the worker that served it.
  return frame as Frame;
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch {
    throw new FrameError("the worker sent something that is no frame");
  }
}
