import { readFileSync, statSync, unwatchFile, watchFile } from "node:fs";
import { z } from "zod";
import { formatErrors, TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import { assertRegularFile } from "../../shared/regular-file.js";
import { apiKeysSchema, type CheckedApiKey, hashOf } from "../config/access-config.js";
import { ApiKey } from "./api-key.js";

/** Milliseconds between two checks of the file. */
const WATCH_INTERVAL_MS = 2000;
/** Largest file in bytes: some 20,000 keys. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Longest key that is looked up. */
const MAX_KEY_LENGTH = 512;

const fileSchema = z.strictObject({ keys: apiKeysSchema });

/**
 * Reads a file of keys.
 *
 * @throws TsworkerError `CONFIG_INVALID` that names the file and its errors, without its keys.
 */
function readKeys(file: string): readonly CheckedApiKey[] {
  const invalid = (errors: readonly string[], cause?: unknown): TsworkerError =>
    new TsworkerError("CONFIG_INVALID", formatErrors(`the file of API keys ${file}`, errors), { cause });
  let text: string;
  try {
    const stats = statSync(file);
    assertRegularFile(stats);
    if (stats.size > MAX_FILE_BYTES) throw new Error(`expected at most ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw invalid([cause instanceof Error ? cause.message : String(cause)], cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the text, which has keys.
    throw invalid(['expected JSON such as {"keys": [{"name": "alice", "key": "…"}]}']);
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.keys;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`));
}

/**
 * The clients' keys. Only their SHA-256 is kept, and what a client sends is looked up by its SHA-256: how long the comparison of
 * two hashes takes tells nothing about a key.
 */
export class ApiKeys {
  readonly #given: readonly CheckedApiKey[];
  readonly #file: string | undefined;
  readonly #log: Log;
  readonly #onChange = (): void => this.#readAgain();
  #keys = new Map<string, ApiKey>();

  /**
   * @param given keys besides those of the file; they take precedence.
   * @throws TsworkerError `CONFIG_INVALID` for a file that cannot be read, or has errors.
   */
  constructor(given: readonly CheckedApiKey[], file: string | undefined, log: Log) {
    this.#given = given;
    this.#file = file;
    this.#log = log;
    this.#use(file === undefined ? [] : readKeys(file));
    if (file !== undefined)
      watchFile(file, { interval: WATCH_INTERVAL_MS, persistent: false }, this.#onChange);
  }

  /** All keys. */
  get all(): readonly ApiKey[] {
    return [...this.#keys.values()];
  }

  /** The key that a client sent; undefined: there is none like it. */
  find(sent: string): ApiKey | undefined {
    return sent === "" || sent.length > MAX_KEY_LENGTH ? undefined : this.#keys.get(hashOf(sent));
  }

  /** Watches the file no longer. */
  close(): void {
    if (this.#file !== undefined) unwatchFile(this.#file, this.#onChange);
  }

  #readAgain(): void {
    if (this.#file === undefined) return;
    try {
      this.#use(readKeys(this.#file));
      this.#log.info({ file: this.#file, keys: this.#keys.size }, "API keys read again");
    } catch (err) {
      this.#log.error({ err }, "API keys could not be read again: those before stay valid");
    }
  }

  /** A key that is still there goes on with what it has used of its limits. */
  #use(ofFile: readonly CheckedApiKey[]): void {
    const keys = new Map<string, ApiKey>();
    const names = new Set(this.#given.map(({ name }) => name));
    const others = ofFile.filter(({ name, hash }) => {
      const isFree = !names.has(name) && !this.#given.some((given) => given.hash === hash);
      if (!isFree)
        this.#log.warn({ key: name }, "a key of the file is left out: the configuration has it, too");
      return isFree;
    });
    for (const config of [...this.#given, ...others]) {
      const before = this.#keys.get(config.hash);
      before?.change(config);
      keys.set(config.hash, before ?? new ApiKey(config));
    }
    this.#keys = keys;
  }
}
