import { crc32, deflateSync } from "node:zlib";
import type { Payload } from "tsworker";
import { randomWords } from "../checks/random-words.js";
import { AUDIO, fileField, fileRule } from "./audio-routes.js";
import { referenceRules } from "./references.js";
import type { OpenaiRoute } from "./route.js";
import { oneOf } from "./text-routes.js";

/** Pixels of a side of the reference picture. */
const SIDE = 1024;
/** The reference video. */
const VIDEO = { width: 832, height: 480, frames: 33 };

const IMAGES = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif"];
const VIDEOS = ["mp4", "webm", "mov", "mkv", "avi"];
/** Masks may be tensors. */
const TENSORS = ["npy", "npz", "pt", "safetensors"];

const prompt = oneOf('must be a text such as "A lighthouse at night"');

/** The routes that make pictures and videos. */
export function pictureRoutes(): readonly OpenaiRoute[] {
  return [
    {
      route: "/v1/images/generations",
      rules: { prompt },
      size: picturesSize,
      benchmark: {
        concurrency: 2,
        runs: 1,
        payload: () => ({ prompt: randomWords(12), size: `${SIDE}x${SIDE}` }),
      },
    },
    {
      route: "/v1/images/edits",
      rules: {
        prompt,
        image: fileRule("image", "image[]", "url", "url[]"),
        ...referenceRules("url", "url[]"),
      },
      files: {
        image: fileField("image", IMAGES, "filename"),
        "image[]": fileField("image", IMAGES, "filename"),
        mask: fileField("mask", IMAGES),
      },
      size: picturesSize,
      benchmark: {
        concurrency: 2,
        runs: 1,
        payload: () => ({ prompt: randomWords(12), image: randomPicture(SIDE), size: `${SIDE}x${SIDE}` }),
      },
    },
    {
      route: "/v1/videos/sync",
      rules: {
        prompt,
        ...referenceRules(
          "image_reference.image_url",
          "video_reference.video_url",
          "audio_reference.audio_url",
        ),
      },
      files: {
        input_reference: fileField("input_reference", [...IMAGES, ...VIDEOS]),
        // The server takes the field repeatedly, under its own name.
        input_references: {
          ...fileField("input_references", [...IMAGES, ...VIDEOS]),
          listName: "input_references",
        },
        control_reference: fileField("control_reference", [...VIDEOS, ...IMAGES]),
        source_video: fileField("source_video", VIDEOS),
        source_audio: fileField("source_audio", ["wav", ...AUDIO]),
        video_noise_mask: fileField("video_noise_mask", [...IMAGES, ...VIDEOS, ...TENSORS]),
        audio_noise_mask: fileField("audio_noise_mask", ["wav", ...AUDIO, ...IMAGES, ...TENSORS]),
      },
      size: videoSize,
      benchmark: {
        concurrency: 1,
        runs: 1,
        payload: () => ({
          prompt: randomWords(12),
          size: `${VIDEO.width}x${VIDEO.height}`,
          num_frames: VIDEO.frames,
          seed: Math.floor(Math.random() * 2 ** 31),
        }),
      },
    },
  ];
}

function picturesSize(payload: Payload): number {
  const [width, height] = sidesOf(payload, { width: SIDE, height: SIDE });
  return (Number(payload.n ?? 1) * width * height) / SIDE ** 2;
}

function videoSize(payload: Payload): number {
  const { num_frames, seconds, fps } = payload;
  const [width, height] = sidesOf(payload, VIDEO);
  const frames = num_frames ?? (seconds === undefined ? VIDEO.frames : Number(seconds) * Number(fps ?? 16));
  return (width * height * Number(frames)) / (VIDEO.width * VIDEO.height * VIDEO.frames);
}

/** Width and height, from a size such as `1024x768` or from fields of their own. */
function sidesOf(
  { size, width, height }: Payload,
  usual: { readonly width: number; readonly height: number },
): readonly [number, number] {
  const [, across, down] = /^(\d+)x(\d+)$/.exec(String(size)) ?? [];
  return [Number(across ?? width ?? usual.width), Number(down ?? height ?? usual.height)];
}

/** A square picture of colours that change from corner to corner, as PNG in base64. */
function randomPicture(side: number): string {
  const [red = 0, green = 0, blue = 0] = Array.from({ length: 3 }, () => Math.random() * 200);
  const rows = Buffer.alloc(side * (1 + 3 * side));
  let at = 0;
  for (let row = 0; row < side; row += 1) {
    at += 1; // each row begins with its filter: none
    for (let column = 0; column < side; column += 1) {
      rows[at++] = red + (55 * column) / side;
      rows[at++] = green + (55 * row) / side;
      rows[at++] = blue + (55 * (row + column)) / (2 * side);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8); // bits of a colour; red, green and blue
  const chunks = [
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]).toString("base64");
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
