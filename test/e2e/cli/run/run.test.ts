import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { workerFile } from "../../../../src/cli/command/worker-file.js";
import { tsworkerHere } from "../../../support/command-here.js";
import { tsworkerIn } from "../../../support/command-line.js";
import { eventually } from "../../../support/eventually.js";
import { freePort } from "../../../support/free-port.js";
import { inState, processEngine, SLOW } from "../../../support/process-engine.js";
import { project } from "../../../support/project.js";
import { startedEngine } from "../../../support/started-engine.js";
import { NODE } from "../../../support/worker-process.js";
import { root } from "../../../unit/support/documents.js";

const WORKER = `
import { Worker, type WorkerConfig } from "tsworker";

const config: WorkerConfig = {
  handlers: [{ route: "/go", remoteFunction: () => "gone", benchmarkConfig: { generator: () => ({}), runs: 1 } }],
};
await new Worker(config).run();
console.log("the end");
`;

describe("tsworker run", () => {
  test("starts a worker in TypeScript, which drains and ends well on SIGTERM", async () => {
    const cwd = await project({ "worker.ts": WORKER });
    const engine = await startedEngine();
    const [port, httpPort] = [String(await freePort()), String(await freePort())];
    const env = {
      WORKER_PORT: port,
      WORKER_HTTP_PORT: httpPort,
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: port,
      CONTAINER_ID: "1",
      REPORT_ADDR: engine.url,
    };
    const command = tsworkerIn({ cwd, env }, "run", "./worker.ts");
    await eventually(async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status === 200, {
      timeoutMs: 30_000,
    });
    command.signal("SIGTERM");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toContain("the end");
    expect(command.stderr()).toBe("");
  });

  test("as the command of an engine that starts workers, in a folder without a type", async () => {
    const cwd = await project({ "worker.mts": WORKER }, { manifest: null });
    const main = join(root("."), "dist/src/cli/main.js");
    const command = [NODE, main, "run", join(cwd, "worker.mts")];
    const { engine } = await processEngine({ command, scaling: { cold_workers: 1, min_load: 1 } });
    await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  });

  test("gives a program its arguments, flags included, and its own place among them", async () => {
    const cwd = await project({
      "client.ts": "const text: string = JSON.stringify(process.argv.slice(1));\nconsole.log(text);\n",
    });
    const command = tsworkerIn({ cwd }, "run", "client.ts", "a", "--port", "3", "-v");
    expect(await command.exitCode).toBe(0);
    expect(JSON.parse(command.stdout())).toEqual([join(cwd, "client.ts"), "a", "--port", "3", "-v"]);
  });

  test("takes JavaScript, and what it imports in TypeScript", async () => {
    const cwd = await project({
      "worker.js": 'import { word } from "./word.ts";\nconsole.log(word);\n',
      "word.ts": 'export const word: string = "typed";\n',
    });
    const command = tsworkerIn({ cwd }, "run", "worker.js");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toBe("typed\n");
  });

  test("a folder of one's own goes before the example of that name, however it is named", async () => {
    const cwd = await project({ "vllm/worker.ts": 'console.log("my own");\n' });
    const command = tsworkerIn({ cwd }, "run", "vllm");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toBe("my own\n");
    vi.spyOn(process, "cwd").mockReturnValue(cwd);
    onTestFinished(() => void vi.restoreAllMocks());
    for (const name of ["vllm", "vllm/", "./vllm", "vllm/worker.ts", "vllm/worker"]) {
      expect(workerFile(name)).toBe(join(cwd, "vllm/worker.ts"));
    }
  });

  test("the exit code is the program's own", async () => {
    const cwd = await project({ "client.ts": "process.exitCode = 7;\n" });
    expect(await tsworkerIn({ cwd }, "run", "client.ts").exitCode).toBe(7);
  });

  describe("prints an error in one line", () => {
    test.each([
      [
        "a file that is not there",
        "./nowhere.ts",
        /^error: there is no \S+\/nowhere\.ts: name the file of a worker/,
      ],
      [
        "an example that is none",
        "vlm",
        /^error: there is no example vlm: name a file such as .*hello-world/,
      ],
      [
        "a part of an example that is none",
        "hello-world/cleint",
        /^error: there is no hello-world\/cleint: the example has worker, client$/m,
      ],
      ["a folder without a worker", ".", /^error: there is no worker\.ts in \S+: name a file in it$/m],
    ])("%s", async (_, name, message) => {
      const { exitCode, stderr } = await tsworkerHere("run", name);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd()).not.toContain("\n");
    });

    test("a configuration that is refused", async () => {
      const cwd = await project({ "worker.ts": WORKER.replace('"/go"', '"go"') });
      const command = tsworkerIn({ cwd }, "run", "worker.ts");
      expect(await command.exitCode).toBe(1);
      expect(command.stderr()).toMatch(
        /^error: the worker's configuration has 1 error:\n {2}handlers\[0\]\.route: /,
      );
      expect(command.stderr()).not.toContain("    at ");
    });
  });

  test("without an environment it prints who sets it, and how to try the worker", async () => {
    const cwd = await project({});
    const command = tsworkerIn({ cwd }, "run", "functions");
    expect(await command.exitCode).toBe(1);
    expect(command.stderr()).toMatch(/^error: the worker's environment has 4 errors:\n {2}WORKER_PORT: /);
    expect(command.stderr()).toMatch(/to try it here: npx tsworker dev functions\n$/);
  });

  test("a refusal by another copy of the package, as in a clone, is printed in one line, too", async () => {
    const command = tsworkerIn({ cwd: root("."), env: { WORKER_PORT: "" } }, "run", "vllm");
    expect(await command.exitCode).toBe(1);
    expect(command.stderr()).toMatch(/^error: the worker's environment has \d errors:\n/);
    expect(command.stderr()).not.toContain("    at ");
  });
});
