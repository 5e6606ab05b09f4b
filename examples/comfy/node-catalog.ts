import type { Payload } from "tsworker";
import { isObject } from "../checks/payload.js";

/** Milliseconds until it is read anew: models and nodes may be added at any time. */
const REFRESH_MS = 60_000;
/** The same while ComfyUI has not answered yet. */
const RETRY_MS = 1000;
/** Choices that a message names at most. */
const NAMED = 8;

/**
 * ComfyUI's list of its nodes, so that a workflow that it has no node or no model for is refused here. It would write
 * that into its log, where it looks as if the server itself were broken. While ComfyUI has not answered, every
 * workflow passes.
 */
export class NodeCatalog {
  readonly #addresses: readonly string[];
  #classes: Payload | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;

  /** @param addresses where ComfyUI may be. */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** Reads it, again and again. */
  start(): void {
    this.#isRunning = true;
    void this.#refresh();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** What is wrong with a kind of node; undefined: nothing that is known. */
  classFault(classType: string): string | undefined {
    if (!this.#classes || Object.hasOwn(this.#classes, classType)) return undefined;
    return `there is no node ${classType} here: install its custom node on the instance, or use another one`;
  }

  /** The error of a value that is not in its list; undefined: no known error. */
  choiceFault(classType: string, name: string, value: unknown): string | undefined {
    const choices = this.#choices(classType, name);
    if (value === undefined || choices === undefined || choices.includes(value)) return undefined;
    // The wrapper downloads what is behind an address, and puts the file's name in its place.
    if (/^https?:/.test(String(value))) return undefined;
    const named = choices.slice(0, NAMED).join(", ");
    const more = choices.length > NAMED ? ` and ${choices.length - NAMED} others` : "";
    return `there is no ${JSON.stringify(value)} here; there are: ${named}${more}`;
  }

  /**
   * Undefined where there is no list, or it is not the last word: files may be uploaded, and custom nodes may look at
   * their inputs in a way of their own.
   */
  #choices(classType: string, name: string): readonly unknown[] | undefined {
    const nodeClass = objectOf(this.#classes?.[classType]);
    if (String(nodeClass.python_module).startsWith("custom_nodes")) return undefined;
    const { required, optional } = objectOf(nodeClass.input);
    const described = objectOf(required)[name] ?? objectOf(optional)[name];
    if (!Array.isArray(described)) return undefined;
    const details = objectOf(described[1]);
    if (Object.keys(details).some((key) => key.endsWith("_upload"))) return undefined;
    // Older versions begin with the list itself.
    const choices = described[0] === "COMBO" ? details.options : described[0];
    return Array.isArray(choices) ? choices : undefined;
  }

  async #refresh(): Promise<void> {
    this.#classes = (await this.#read()) ?? this.#classes;
    if (!this.#isRunning) return;
    this.#timer = setTimeout(() => void this.#refresh(), this.#classes ? REFRESH_MS : RETRY_MS);
  }

  async #read(): Promise<Payload | undefined> {
    for (const address of this.#addresses) {
      try {
        const response = await fetch(`${address}/object_info`, { signal: AbortSignal.timeout(10_000) });
        const said: unknown = response.ok && (await response.json());
        if (isObject(said)) return said;
      } catch {
        // It is not there, or not yet.
      }
    }
    return undefined;
  }
}

/** An object as it is; an empty one in place of anything else. */
const objectOf = (value: unknown): Payload => (isObject(value) ? value : {});
