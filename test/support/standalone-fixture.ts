import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Running, spawnTsworker } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freeNeighbours } from "./free-port.js";
import { ToolModel } from "./tool-model.js";

/** Keys: one without limits, and one of 60 requests a minute. */
export const ALICE = "sk-alice-0123456789";
export const BOB = "sk-bob-0123456789";
const KEYS = {
  keys: [
    { name: "alice", key: ALICE },
    { name: "bob", key: BOB, requestsPerMinute: 60 },
  ],
};

/** A command that serves plain requests with keys in front of a simulated vLLM. */
export class StandaloneFixture {
  readonly model: ToolModel;
  readonly command: Running;
  readonly url: string;
  readonly localUrl: string;
  readonly #directory: string;

  private constructor(model: ToolModel, command: Running, port: number, directory: string) {
    this.model = model;
    this.command = command;
    this.url = `http://127.0.0.1:${port}`;
    this.localUrl = `http://127.0.0.1:${port + 1}`;
    this.#directory = directory;
  }

  /** @param words the command, from the model's URL, its own port and its file of keys. */
  static async start(
    words: (modelUrl: string, port: number, keysFile: string) => readonly string[],
    env: (modelUrl: string, port: number) => Readonly<Record<string, string>> = () => ({}),
  ): Promise<StandaloneFixture> {
    const model = await ToolModel.start();
    const directory = await mkdtemp(join(tmpdir(), "tsworker-standalone-"));
    const keysFile = join(directory, "keys.json");
    await writeFile(keysFile, JSON.stringify(KEYS));
    const port = await freeNeighbours();
    const command = spawnTsworker(
      { cwd: directory, env: env(model.url, port) },
      ...words(model.url, port, keysFile),
    );
    const fixture = new StandaloneFixture(model, command, port, directory);
    let exited = false;
    void command.exitCode.then(() => {
      exited = true;
    });
    await eventually(async () => {
      if (exited) return;
      const { status } = await fetch(`${fixture.localUrl}/readyz`);
      expect(status).toBe(200);
    });
    if (exited) throw new Error(`${command.stdout()}\n${command.stderr()}`);
    return fixture;
  }

  /** Names in the working directory. */
  files(): Promise<readonly string[]> {
    return readdir(this.#directory);
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    this.command.signal("SIGINT");
    expect(await this.command.exitCode).toBe(0);
    await this.model.stop();
    await rm(this.#directory, { recursive: true });
  }
}
