import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Endpoint } from "tsworker/client";

/** A file of an answer. */
export interface Output {
  readonly filename: string;
  /** Its bytes in base64. */
  readonly data?: string;
  /** Where it was uploaded to. */
  readonly url?: string;
  /** Why it is not there. */
  readonly error?: string;
}

/** What the wrapper sends while it works: its status, and the result at last. */
type WrapperEvent =
  | { readonly status: "final_result"; readonly result: Result }
  | { readonly status: string; readonly message: string; readonly result?: undefined };

interface Result {
  readonly status: string;
  readonly message: string;
  readonly output: readonly Output[];
}

/** The wrapper's words for a step of the sampler. */
const STEP = /\((\d+)\/(\d+)\)$/;

/**
 * Has a workflow done, and shows how far it is.
 *
 * @param input the input of the wrapper: a modifier, or a workflow.
 * @param cost in the units of the endpoint's workers.
 * @throws Error with ComfyUI's reason.
 */
export async function generate(
  endpoint: Endpoint,
  input: Readonly<Record<string, unknown>>,
  cost: number,
): Promise<readonly Output[]> {
  const line = new ProgressLine();
  const events = await endpoint.request<WrapperEvent>("/generate/stream", { input }, { cost, stream: true });
  for await (const { result, ...event } of events) {
    if (result) {
      if (result.status === "completed") return result.output;
      throw new Error(result.message);
    }
    const [, done, all] = STEP.exec("message" in event ? event.message : "") ?? [];
    if (done !== undefined && all !== undefined) line.show(Number(done), Number(all));
  }
  throw new Error("the worker's answer ended before the result");
}

/** Writes the files into the working directory and prints their places, or where they were uploaded to. */
export async function saveOutputs(outputs: readonly Output[]): Promise<void> {
  for (const { filename, data, url, error } of outputs) {
    if (data !== undefined) {
      const path = resolve(basename(filename));
      const bytes = Buffer.from(data, "base64");
      await writeFile(path, bytes);
      console.log(`saved ${path}  ${Math.ceil(bytes.length / 1024)} KiB`);
    } else if (url !== undefined) console.log(`uploaded to ${url}`);
    else throw new Error(`${filename} stayed on the instance: ${error ?? "its worker gives no reason"}`);
  }
}

/** Columns of the bar. */
const COLUMNS = 30;

/** Shows how far something is: on a terminal in place, elsewhere a line for each quarter. */
class ProgressLine {
  #shown = -1;

  show(done: number, all: number): void {
    const { isTTY } = process.stdout;
    const quarter = Math.floor((4 * done) / all);
    if (!isTTY && quarter === this.#shown) return;
    this.#shown = quarter;
    const filled = Math.round((COLUMNS * done) / all);
    const bar = "█".repeat(filled) + "░".repeat(COLUMNS - filled);
    const text = `step ${String(done).padStart(3)} of ${all}  ${bar}`;
    process.stdout.write(isTTY ? `\r${text}${done === all ? "\n" : ""}` : `${text}\n`);
  }
}
