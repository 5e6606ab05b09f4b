import type { FileFieldConfig, Payload } from "tsworker";
import { isObject, type Rule } from "../checks/payload.js";
import { randomText, randomWords } from "../checks/random-words.js";
import { textVariable } from "../checks/variables.js";
import { referenceRules, referencesAt } from "./references.js";
import type { OpenaiRoute } from "./route.js";
import { soundLength } from "./sound-length.js";
import { SAMPLE_SECONDS, speechSample } from "./speech-sample.js";
import { oneOf } from "./text-routes.js";

/** Characters of the reference speech. */
const SPOKEN = 500;

/** Extensions of sound files. */
export const AUDIO = [
  "flac",
  "m4a",
  "mp3",
  "mp4",
  "mpeg",
  "mpga",
  "oga",
  "ogg",
  "opus",
  "wav",
  "webm",
] as const;

/** How speech is benchmarked, and how listening is. */
const TIMES = { concurrency: 4, runs: 2 };

/** Fields with a voice to imitate. */
const VOICES = ["ref_audio", "ref_audio_2", "references.audio_path"] as const;
const inItems = (field: string): string => `items.${field}`;

/** The routes that make sound, and those that listen to it. */
export function audioRoutes(): readonly OpenaiRoute[] {
  const voice = textVariable("BENCHMARK_SPEECH_VOICE");
  const speech = (characters: number) => ({ input: randomText(characters), ...(voice && { voice }) });
  return [
    {
      route: "/v1/audio/speech",
      rules: { input: oneOf('must be a text such as "Hello"'), ...referenceRules(...VOICES) },
      size: speechSize,
      benchmark: { ...TIMES, payload: () => speech(SPOKEN) },
    },
    {
      route: "/v1/audio/speech/batch",
      isBatch: true,
      rules: { items, ...referenceRules(...VOICES, ...VOICES.map(inItems)) },
      // What an item does not have, it takes from the batch.
      size: ({ items, ...shared }) =>
        listOf(items).reduce<number>(
          (sum, item) => sum + speechSize({ ...shared, ...(isObject(item) ? item : {}) }),
          0,
        ),
      benchmark: { ...TIMES, payload: () => ({ items: [speech(SPOKEN / 2), speech(SPOKEN / 2)] }) },
    },
    {
      route: "/v1/audio/generate",
      rules: { input: oneOf('must be a text such as "Rain on a tin roof"') },
      size: () => 1,
      benchmark: { concurrency: 2, runs: 1, payload: () => ({ input: randomWords(12) }) },
    },
    listening("/v1/audio/transcriptions"),
    listening("/v1/audio/translations"),
  ];
}

function listening(route: string): OpenaiRoute {
  return {
    route,
    rules: { file: fileRule("sound") },
    files: { file: { extensions: AUDIO, defaultFilename: "audio.wav", filenameField: "filename" } },
    size: ({ file }) => soundLength(file) / SAMPLE_SECONDS,
    benchmark: { ...TIMES, payload: () => ({ file: speechSample(), filename: "speech.wav" }) },
  };
}

/** A file that a form needs; whether it is base64 is checked where it is decoded. @param alternatives fields that do as well. */
export function fileRule(content: string, ...alternatives: readonly string[]): Rule {
  return (value, payload) => {
    const isFile =
      value instanceof Uint8Array ||
      ((typeof value === "string" || Array.isArray(value)) && value.length > 0);
    if (isFile || alternatives.some((field) => referencesAt(payload, field).length > 0)) return undefined;
    return `must be the file with the ${content} as base64 text, not a path and no form`;
  };
}

/** A file field of a form, with a field for its name beside it. */
export const fileField = (
  name: string,
  extensions: readonly string[],
  filenameField = `${name}_filename`,
): FileFieldConfig => ({ extensions, defaultFilename: `${name}.${extensions[0]}`, filenameField });

const items: Rule = (value) =>
  Array.isArray(value) && value.every(isObject)
    ? undefined
    : 'must be a list of objects such as [{"input":"Hello"}]';

/** The model reads a voice to imitate first, which takes as long as the reference speech. */
function speechSize(payload: Payload): number {
  const { input } = payload;
  const isImitated = VOICES.some((field) => referencesAt(payload, field).length > 0);
  return (typeof input === "string" ? input.length : 0) / SPOKEN + (isImitated ? 1 : 0);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
