import { LRUCache } from "lru-cache";
import type { SavedFile } from "./comfy-messages.js";

/** A file with its bytes. */
export interface OutputFile {
  readonly bytes: Buffer;
  readonly mimetype: string;
}

/** Bytes that are kept: the oldest files are removed first. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Prefixes whose files are counted; the least recently used one is forgotten. */
const MOST_PREFIXES = 1000;

/** Files saved by workflows, in memory. */
export class OutputFiles {
  readonly #files = new Map<string, OutputFile>();
  /** Files saved so far, by prefix: ComfyUI counts them in their names. */
  readonly #counts = new LRUCache<string, number>({ max: MOST_PREFIXES });
  #bytes = 0;

  /** @param prefix may have folders, such as `video/ComfyUI`. */
  save(prefix: string, extension: string, file: OutputFile): SavedFile {
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    const parts = prefix.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    const name = parts.pop() ?? "ComfyUI";
    const saved: SavedFile = {
      filename: `${name}_${String(count).padStart(5, "0")}_.${extension}`,
      subfolder: parts.join("/"),
      type: "output",
    };
    this.#files.set(pathOf(saved), file);
    this.#bytes += file.bytes.length;
    for (const [path, { bytes }] of this.#files) {
      if (this.#bytes <= MOST_BYTES || bytes === file.bytes) break;
      this.#files.delete(path);
      this.#bytes -= bytes.length;
    }
    return saved;
  }

  find({ filename, subfolder }: Pick<SavedFile, "filename" | "subfolder">): OutputFile | undefined {
    return this.#files.get(pathOf({ filename, subfolder }));
  }
}

const pathOf = ({ filename, subfolder }: Pick<SavedFile, "filename" | "subfolder">): string =>
  `${subfolder}/${filename}`;
