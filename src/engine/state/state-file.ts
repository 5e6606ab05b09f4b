import { rename } from "node:fs/promises";
import { z } from "zod";
import { TsworkerError } from "../../shared/errors.js";
import { identityOf, isAlive } from "../../shared/process-identity.js";
import { type EngineState, engineStateSchema, STATE_VERSION } from "./engine-state.js";
import { readRegularFile, replaceRegularFile } from "./regular-file.js";

/** Minimum milliseconds between two writes. */
const INTERVAL_MS = 1000;

const versionSchema = z.object({ version: z.number() });

interface StateFileInput {
  readonly path: string;
  /** Returns the state to be written. */
  readonly state: () => EngineState;
  /** Called with messages for people. */
  readonly onNotice: (notice: string) => void;
}

/**
 * The stored state of an engine: a JSON file, replaced atomically. Only its owner may read it, because it holds keys.
 */
export class StateFile {
  readonly #input: StateFileInput;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Time of the last write, on the clock of `performance`. */
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(input: StateFileInput) {
    this.#input = input;
  }

  /**
   * The stored state; undefined: there is none, or the file is damaged and was renamed.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE` when the file exists and cannot be read, is no regular file, or is held by
   * another engine.
   */
  async load(): Promise<EngineState | undefined> {
    const { path, onNotice } = this.#input;
    let text: string;
    try {
      text = await readRegularFile(path);
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
      throw unavailable(`cannot read the engine's state from ${path}`, cause);
    }
    const read = stateIn(text);
    if (typeof read !== "string") {
      const { heldBy, ...state } = read;
      if (heldBy === undefined || heldBy.pid === process.pid || !isAlive(heldBy)) return state;
      throw new TsworkerError(
        "STATE_UNAVAILABLE",
        `the engine's state in ${path} is held by another engine, process ${heldBy.pid}: end it, or name another file`,
      );
    }
    const reason = `the state in ${path} ${read}`;
    const aside = `${path}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
    try {
      await rename(path, aside);
    } catch (cause) {
      throw unavailable(`${reason}, and cannot be set aside`, cause);
    }
    onNotice(`${reason}: it was set aside as ${aside}, and the engine starts afresh`);
    return undefined;
  }

  /** Writes a change at once, or when the last write is long enough ago. */
  touch(): void {
    const wait = Math.max(0, this.#writtenAt + INTERVAL_MS - performance.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write(true).catch((error: unknown) => this.#input.onNotice(String(error)));
    }, wait);
  }

  /**
   * Writes at once.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE`.
   */
  async flush(): Promise<void> {
    await this.#writeNow(true);
  }

  /** Writes for the last time: another engine may hold the file then. */
  async release(): Promise<void> {
    await this.#writeNow(false);
  }

  async #writeNow(isHeld: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#write(isHeld);
  }

  /** One write after the other: they share a temporary file. */
  #write(isHeld: boolean): Promise<void> {
    const { path, state } = this.#input;
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        this.#writtenAt = performance.now();
        try {
          const content = { ...state(), ...(isHeld && { heldBy: identityOf(process.pid) }) };
          await replaceRegularFile(path, `${JSON.stringify(content, null, 1)}\n`);
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

/** The state in a file, or the reason why there is none. */
function stateIn(text: string): z.output<typeof engineStateSchema> | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `is damaged (${error instanceof Error ? error.message : String(error)})`;
  }
  const version = versionSchema.safeParse(json).data?.version ?? STATE_VERSION;
  if (version !== STATE_VERSION) {
    return `is of version ${version}, and this engine reads version ${STATE_VERSION}`;
  }
  const { data, error } = engineStateSchema.safeParse(json);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  return `is damaged (${issue?.path.join(".") || "the file"}: ${issue?.message})`;
}
