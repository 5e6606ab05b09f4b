import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveName } from "./deployment-record.js";

/** The archives of deployments, as files that only their owner can read. */
export class Archives {
  readonly #given: string | undefined;
  #temporary: string | undefined;

  /** @param folder - undefined: a temporary one, which is removed at the end. */
  constructor(folder: string | undefined) {
    this.#given = folder;
  }

  async has(id: number, hash: string): Promise<boolean> {
    const found = await stat(join(this.#folder, archiveName(id, hash))).catch(() => undefined);
    return found?.isFile() === true;
  }

  async read(id: number, hash: string): Promise<Buffer> {
    return readFile(join(this.#folder, archiveName(id, hash)));
  }

  /** Writes an archive; it is never there in part. */
  async write(id: number, hash: string, bytes: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, archiveName(id, hash));
    await writeFile(`${path}.new`, bytes, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** Removes the archives of a deployment, except those with these hashes. */
  async prune(id: number, kept: readonly string[]): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const keptNames = kept.map((hash) => archiveName(id, hash));
    const gone = names.filter((each) => each.startsWith(`${id}-`) && !keptNames.includes(each));
    await Promise.all(gone.map((each) => rm(join(this.#folder, each), { force: true })));
  }

  async close(): Promise<void> {
    if (this.#temporary === undefined) return;
    await rm(this.#temporary, { recursive: true, force: true });
    this.#temporary = undefined;
  }

  get #folder(): string {
    if (this.#given !== undefined) return this.#given;
    this.#temporary ??= mkdtempSync(join(tmpdir(), "tsworker-deployments-"));
    return this.#temporary;
  }
}
