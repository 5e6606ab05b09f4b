import type { HandlerConfig, Payload } from "tsworker";
import { checked } from "../payloads/checked.js";
import type { Rule } from "../payloads/faults-of.js";
import { optional, text } from "../payloads/rules.js";
import { imageWorkload } from "./image-workload.js";
import { completions, MAX_QUEUE_TIME } from "./workload-units.js";

/** Bytes of sound, about a minute of MP3, that are listened to in the time in which a completion is made. */
const HEARD = 1024 ** 2;

const AUDIO = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];
const IMAGES = ["png", "jpg", "jpeg", "webp"];

/** The routes that servers take as a form with files: clients send JSON with the files as base64 text. */
export const fileHandlers: readonly HandlerConfig[] = [
  listening("/v1/audio/transcriptions"),
  listening("/v1/audio/translations"),
  {
    ...common(imageWorkload),
    route: "/v1/images/edits",
    requestParser: checked({ prompt: text("Make it night"), image: file("image") }),
    multipart: {
      files: {
        image: { extensions: IMAGES, defaultFilename: "image.png", filenameField: "filename" },
        mask: { extensions: IMAGES, defaultFilename: "mask.png" },
      },
    },
  },
];

function listening(route: string): HandlerConfig {
  return {
    ...common(({ file }) => bytesOf(file) / HEARD),
    route,
    requestParser: checked({ file: file("sound"), model: optional(text("whisper-large-v3")) }),
    multipart: {
      files: { file: { extensions: AUDIO, defaultFilename: "audio.wav", filenameField: "filename" } },
    },
  };
}

/** @param size of a request, in completions. */
function common(size: (payload: Payload) => number) {
  return {
    allowParallelRequests: true,
    maxQueueTime: MAX_QUEUE_TIME,
    workloadCalculator: (payload: Payload) => completions(size(payload)),
  };
}

/** That it is there; whether it is base64 is seen to when it is decoded. */
function file(what: string): Rule {
  return (value) => {
    const isGiven =
      value instanceof Uint8Array ||
      ((typeof value === "string" || Array.isArray(value)) && value.length > 0);
    return isGiven ? undefined : `must be the file with the ${what} as base64 text, not a path and no form`;
  };
}

/** Bytes of a file, as base64 text or as they are; a list of them is not measured. */
function bytesOf(value: unknown): number {
  if (typeof value === "string") return (value.length * 3) / 4;
  return value instanceof Uint8Array ? value.length : HEARD;
}
