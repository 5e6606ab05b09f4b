import { readFile, rename, writeFile } from "node:fs/promises";
import { TsworkerError } from "../errors.js";
import { type EngineState, engineStateSchema } from "./engine-state.js";

/** Least milliseconds between two writings. */
const INTERVAL_MS = 1000;

interface StateFileInput {
  readonly path: string;
  /** What is to be written; asked for when it is. */
  readonly state: () => EngineState;
  /** Told what a person should know. */
  readonly onNotice: (notice: string) => void;
}

/**
 * The engine's memory: a JSON file that is always whole, because it is written beside itself and then
 * renamed. Only its owner may read it, for it holds keys.
 */
export class StateFile {
  readonly #input: StateFileInput;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(input: StateFileInput) {
    this.#input = input;
  }

  /**
   * What was written last; undefined: nothing, or nothing that can be understood, which is then set aside.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE` when the file is there and cannot be read.
   */
  async load(): Promise<EngineState | undefined> {
    const { path, onNotice } = this.#input;
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
      throw unavailable(`cannot read the engine's state from ${path}`, cause);
    }
    const fault = (reason: string): string => `the state in ${path} is damaged (${reason})`;
    let reason: string;
    try {
      const parsed = engineStateSchema.safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      reason = fault(`${issue?.path.join(".") || "the file"}: ${issue?.message}`);
    } catch (error) {
      reason = fault(error instanceof Error ? error.message : String(error));
    }
    const aside = `${path}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
    try {
      await rename(path, aside);
    } catch (cause) {
      throw unavailable(`${reason}, and cannot be set aside`, cause);
    }
    onNotice(`${reason}: it was set aside as ${aside}, and the engine starts afresh`);
    return undefined;
  }

  /** Something changed: write it soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write().catch((error: unknown) => this.#input.onNotice(String(error)));
    }, INTERVAL_MS);
  }

  /**
   * Writes at once, and nothing later until the next touch.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE`.
   */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#write();
  }

  /** One writing after the other: they share the file beside it. */
  #write(): Promise<void> {
    const { path, state } = this.#input;
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        const beside = `${path}.new`;
        try {
          await writeFile(beside, `${JSON.stringify(state(), null, 1)}\n`, { mode: 0o600, flush: true });
          await rename(beside, path);
        } catch (cause) {
          throw unavailable(`cannot write the engine's state to ${path}`, cause);
        }
      });
    return this.#writing;
  }
}

function unavailable(message: string, cause: unknown): TsworkerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TsworkerError("STATE_UNAVAILABLE", `${message}: ${reason}`, { cause });
}
