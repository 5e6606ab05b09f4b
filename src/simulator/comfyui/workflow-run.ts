import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { seedFor } from "../../shared/random.js";
import { video } from "../media/h264.js";
import { gradient } from "../media/png.js";
import { flacTone } from "../media/sound.js";
import { isOutput } from "./check-workflow.js";
import type { ComfyMessage, NodeOutput, SavedFile } from "./comfy-messages.js";
import type { OutputFiles } from "./output-files.js";
import { dependenciesOf, type Workflow } from "./workflow.js";

interface WorkflowRunInput {
  readonly promptId: string;
  readonly workflow: Workflow;
  readonly files: OutputFiles;
  /** Milliseconds of a sampling step of a picture or of sound. */
  readonly stepMs: number;
  readonly publish: (message: ComfyMessage) => void;
  readonly signal: AbortSignal;
}

/** Duration of a video's step, as a multiple of that of a picture's. */
const VIDEO_STEP = 10;
/** Longest sound, in seconds, whatever the request. */
const MOST_SECONDS = 12;
const FRAMES_PER_SECOND = 16;
/** Pitch of the lowest tone; the highest is two octaves above. */
const LOWEST_HZ = 196;

/** Executes a workflow, node by node. */
export class WorkflowRun {
  readonly #input: WorkflowRunInput;

  constructor(input: WorkflowRunInput) {
    this.#input = input;
  }

  /**
   * @returns what the nodes have saved, by node.
   * @throws the signal's reason.
   */
  async run(): Promise<Readonly<Record<string, NodeOutput>>> {
    const { workflow, promptId: prompt_id, publish, signal } = this.#input;
    const outputs: Record<string, NodeOutput> = {};
    publish({ type: "execution_start", data: { prompt_id, timestamp: Date.now() } });
    publish({ type: "execution_cached", data: { prompt_id, nodes: [] } });
    const saving = Object.keys(workflow).filter((id) => isOutput(workflow, id));
    const order = saving.reduce<readonly string[]>((before, id) => dependenciesOf(workflow, id, before), []);
    for (const node of order) {
      publish({ type: "executing", data: { prompt_id, node } });
      await this.#sample(node);
      if (!isOutput(workflow, node)) continue;
      const output = await this.#save(node);
      signal.throwIfAborted();
      outputs[node] = output;
      publish({ type: "executed", data: { prompt_id, node, output } });
    }
    publish({ type: "execution_success", data: { prompt_id, timestamp: Date.now() } });
    publish({ type: "executing", data: { prompt_id, node: null } });
    return outputs;
  }

  async #sample(node: string): Promise<void> {
    const { workflow, promptId: prompt_id, stepMs, publish, signal } = this.#input;
    const isVideo = dependenciesOf(workflow, node).some(
      (id) => workflow[id]?.class_type === "EmptyHunyuanLatentVideo",
    );
    const max = stepsOf(workflow, node);
    for (let value = 1; value <= max; value += 1) {
      await sleep(stepMs * (isVideo ? VIDEO_STEP : 1), undefined, { signal });
      publish({ type: "progress", data: { prompt_id, node, value, max } });
    }
  }

  async #save(node: string): Promise<NodeOutput> {
    const { workflow, files, signal } = this.#input;
    const prefix = String(workflow[node]?.inputs.filename_prefix ?? "ComfyUI");
    const seed = seedOf(workflow, node);
    const width = Math.round(this.#number(node, "width", 512));
    const height = Math.round(this.#number(node, "height", 512));
    switch (workflow[node]?.class_type) {
      case "SaveAudio": {
        const seconds = Math.min(MOST_SECONDS, this.#number(node, "seconds", MOST_SECONDS));
        const bytes = flacTone(seconds, LOWEST_HZ * 2 ** ((seed % 24) / 12));
        return { audio: [files.save(prefix, "flac", { bytes, mimetype: "audio/flac" })] };
      }
      case "SaveVideo": {
        const frames = this.#number(node, "length", 25);
        const framesPerSecond = Math.round(this.#number(node, "fps", FRAMES_PER_SECOND));
        // H.264 has pairs of pixels.
        const even = { width: 2 * Math.round(width / 2), height: 2 * Math.round(height / 2) };
        const bytes = video({ seed, ...even, frames, framesPerSecond });
        return { images: [files.save(prefix, "mp4", { bytes, mimetype: "video/mp4" })], animated: [true] };
      }
      default: {
        const count = this.#number(node, "batch_size", 1);
        const texts = { prompt: JSON.stringify(workflow) };
        const images: SavedFile[] = [];
        for (let made = 0; made < count; made += 1) {
          await nextTurn(undefined, { signal });
          const bytes = gradient({ seed: seed + made, width, height, texts });
          images.push(files.save(prefix, "png", { bytes, mimetype: "image/png" }));
        }
        return { images };
      }
    }
  }

  /** A numeric input of the node or of one that it depends on. */
  #number(node: string, name: string, otherwise: number): number {
    const { workflow } = this.#input;
    for (const id of dependenciesOf(workflow, node)) {
      const value = Number(workflow[id]?.inputs[name] ?? Number.NaN);
      if (Number.isFinite(value)) return value;
    }
    return otherwise;
  }
}

/** Sampling steps of a node: some samplers do only a part of them. */
function stepsOf(workflow: Workflow, node: string): number {
  const { steps = 0, start_at_step: from = 0, end_at_step: to = steps } = workflow[node]?.inputs ?? {};
  return Math.max(0, Math.min(Number(steps), Number(to)) - Number(from));
}

/** A seed from all texts and seeds that a result depends on. */
function seedOf(workflow: Workflow, node: string): number {
  const sources = dependenciesOf(workflow, node).map((id) => {
    const { text, tags, lyrics, seed, noise_seed } = workflow[id]?.inputs ?? {};
    return [text, tags, lyrics, seed, noise_seed];
  });
  return seedFor(1, JSON.stringify(sources));
}
