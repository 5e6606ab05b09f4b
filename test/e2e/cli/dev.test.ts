import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { packageRoot } from "../../../src/shared/package-root.js";
import { tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { snippetsOf, textOf } from "../../unit/support/documents.js";

// Four programs start, one of them compiles TypeScript, and other tests run beside them.
const SLOW = { timeoutMs: 90_000, intervalMs: 50 };

const run = promisify(execFile);

/** What the page on the engine gives the command. */
const [, , , ...documented] = (snippetsOf(await textOf("docs/engine.md"), "sh").at(-1) ?? "")
  .trim()
  .split(" ");

/** A worker that answers with its version. @param concurrency of its handler. */
const workerOf = (version: string, concurrency = 1): string => `
import { Worker } from "tsworker";

console.log(${JSON.stringify(version)}, "pid", process.pid);
const workloadCalculator = (payload: { readonly max_tokens?: unknown }): number => Number(payload.max_tokens ?? 1);
await new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: Number(process.env.MODEL_PORT),
  modelLogFile: process.env.MODEL_LOG ?? "",
  modelHealthcheckUrl: "/health",
  handlers: [
    {
      route: "/v1/completions",
      workloadCalculator,
      concurrency: ${concurrency},
      benchmarkConfig: {
        generator: () => ({ prompt: "hello", max_tokens: 4 }),
        runs: 1,
        concurrency: 1,
        doWarmup: false,
      },
    },
  ],
  logActionConfig: { onLoad: ["Application startup complete."], onError: [], onInfo: [] },
}).run();
`;

/** A folder as a project has it that uses the package. */
async function project(packages: readonly string[] = ["tsx", "tsworker"]) {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-project-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules"));
  for (const name of packages) {
    const target = name === "tsworker" ? packageRoot : join(packageRoot, "node_modules", name);
    await symlink(target, join(folder, "node_modules", name));
  }
  await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }');
  return { folder, write: (name: string, text: string) => writeFile(join(folder, name), text) };
}

/** `tsworker dev` in a folder, on free ports, with its temporary files in a folder of their own. */
async function dev(folder: string, ...parameters: readonly string[]) {
  return devOn(await freeNeighbours(), folder, ...parameters);
}

async function devOn<Port extends number | string>(
  workerPort: Port,
  folder: string,
  ...parameters: readonly string[]
) {
  const temporary = await mkdtemp(join(tmpdir(), "tsworker-dev-test-"));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  const env = { WORKER_PORT: String(workerPort), TMPDIR: temporary };
  const modelPort = String(await freePort());
  const command = tsworkerIn(
    { cwd: folder, env },
    "dev",
    ...["--port", "0", "--model-port", modelPort, ...parameters],
  );
  const has = (pattern: RegExp) => eventually(() => pattern.exec(command.stdout())?.[1] ?? false, SLOW);
  const engineUrl = () => has(/engine +(http:\S+)/);
  // The output of whatever died is what explains a test that fails.
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail") console.error(command.stdout(), command.stderr());
  });
  return { command, has, engineUrl, workerPort, temporary };
}

async function completion(engineUrl: string): Promise<unknown> {
  const endpoint = new Serverless({ apiKey: "dev", engineUrl }).endpoint("dev");
  const answer = await endpoint.request("/v1/completions", { prompt: "x", max_tokens: 3 }, { cost: 3 });
  return answer.json();
}

/** Whether a process runs: one that is dead and not yet noticed does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

describe("tsworker dev", () => {
  test("comes up, answers through the engine, restarts on a change, shows a crash, and leaves nothing", async () => {
    const { folder, write } = await project();
    await write("worker.ts", workerOf("first"));
    const { command, has, engineUrl, workerPort, temporary } = await dev(folder, ...documented);
    const firstPid = Number(await has(/first pid (\d+)/));
    await has(/worker +(ready)/);
    expect(await completion(await engineUrl())).toMatchObject({ usage: { completion_tokens: 3 } });
    expect((await fetch(`http://127.0.0.1:${workerPort + 1}/inspect`)).status).toBe(200);
    await has(/(ended +request \d+ +Success)/);
    const printed = /^AUTH=.*\n.*$/m.exec(command.stdout())?.[0] ?? "";
    expect((await run("sh", ["-ec", printed])).stdout).toContain('"completion_tokens":64');

    await write("worker.ts", workerOf("second"));
    await has(/(restarting: worker\.ts changed)/);
    const secondPid = Number(await has(/second pid (\d+)/));
    expect(await isRunning(firstPid)).toBe(false);
    await has(/second pid[\s\S]*worker +(ready)/);
    // The same is measured once.
    await has(/second pid[\s\S]*(benchmark result kept)/);
    expect(await completion(await engineUrl())).toMatchObject({ usage: { completion_tokens: 3 } });

    await write("worker.ts", 'throw new Error("the third is broken");\n');
    await has(/(exited with 1; starts again when its program changes)/);
    expect(await isRunning(secondPid)).toBe(false);
    expect(command.stdout()).toContain("Error: the third is broken");
    // The engine routes no client to a worker that is not there.
    const asking = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"endpoint":"dev","api_key":"dev"}',
    };
    const route = await (await fetch(`${await engineUrl()}/route/`, asking)).json();
    expect(route).toMatchObject({ status: expect.stringMatching(/^0 workers/) });

    await write("neighbour.ts", "export {};\n");
    await has(/exited with 1[\s\S]*(exited with 1)/);
    await write("worker.ts", workerOf("fourth", 2));
    const fourthPid = Number(await has(/fourth pid (\d+)/));
    await has(/fourth pid[\s\S]*(benchmark is measured again.*routes)[\s\S]*benchmark round/);

    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
    expect(await isRunning(fourthPid)).toBe(false);
    // What the simulated model could do is no result for the real one.
    expect(await readdir(folder)).not.toContain(".has_benchmark");
    // What tsx compiled stays with it.
    expect((await readdir(temporary)).filter((name) => !name.startsWith("tsx-"))).toEqual([]);
  });

  test("kills a worker that does not stop on request, and the processes that it started", async () => {
    const { folder, write } = await project([]);
    await write(
      "worker.js",
      `import { spawn } from "node:child_process";
       const child = spawn("sleep", ["600"]);
       for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => console.log("not yet"));
       console.log("pids", process.pid, child.pid);
       setInterval(() => {}, 1000);\n`,
    );
    const { command, has } = await dev(folder, "--grace", "3", "--no-model");
    const pids = (await has(/pids (\d+ \d+)/)).split(" ").map(Number);
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toContain("not yet");
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
  });

  test("without a worker, runs a simulated one", async () => {
    const { folder } = await project([]);
    const { command, has, engineUrl } = await dev(folder);
    await has(/worker +(ready)/);
    expect(await completion(await engineUrl())).toMatchObject({ usage: { completion_tokens: 3 } });
    command.signal("SIGTERM");
    expect(await command.exitCode).toBe(0);
    expect(await readdir(folder)).toEqual(["node_modules", "package.json"]);
  });

  test("the simulated model takes the place of the one that the file names, whichever port it has", async () => {
    const { folder, write } = await project();
    const unusedPort = await freePort();
    await write(
      "worker.ts",
      workerOf("fixed")
        .replace("Number(process.env.MODEL_PORT)", String(unusedPort))
        .replace('process.env.MODEL_LOG ?? ""', '"/nowhere/model.log"')
        .replace('"/health"', `"http://localhost:${unusedPort}/health"`),
    );
    const { has, engineUrl } = await dev(folder, "--model-port", "0");
    await has(/worker +(ready)/);
    expect(await completion(await engineUrl())).toMatchObject({ usage: { completion_tokens: 3 } });
  });

  test("what the user has set goes before what it would set", async () => {
    const { folder, write } = await project([]);
    await write("worker.js", 'console.log("id", process.env.CONTAINER_ID, process.env.INSPECT);\n');
    vi.stubEnv("CONTAINER_ID", "77");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { has } = await dev(folder);
    expect(await has(/id (77 1)/)).toBe("77 1");
    await has(/(exited with 0; starts again)/);
  });

  describe("prints an error in one line", () => {
    test("with a file that is not there", async () => {
      const { folder } = await project([]);
      const { command } = await dev(folder, "other.ts");
      expect(await command.exitCode).toBe(1);
      expect(command.stderr()).toMatch(/^error: there is no \S+other\.ts: .*\n$/);
    });

    test("with a WORKER_PORT that is none", async () => {
      const { folder } = await project([]);
      const { command, temporary } = await devOn(70_000, folder);
      expect(await command.exitCode).toBe(1);
      expect(command.stderr()).toBe(
        'error: WORKER_PORT: expected a port number from 1 to 65535, got "70000"\n',
      );
      expect(command.stdout()).toBe("");
      expect(await readdir(temporary)).toEqual([]);
    });

    test.each(["--port", "--model-port", "WORKER_PORT"])("with a %s that is taken", async (name) => {
      const { folder, write } = await project([]);
      await write("worker.js", "");
      const { command, temporary } = await takenFor(name, folder);
      expect(await command.exitCode).toBe(1);
      expect(command.stderr()).toMatch(/^error: cannot listen on 127\.0\.0\.1:\d+: something else .*\n$/);
      expect(command.stderr()).toMatch(new RegExp(`choose another port with .*${name}\\n$`));
      expect(await readdir(temporary)).toEqual([]);
    });
  });
});

/** `tsworker dev` with one port that something else has. */
async function takenFor(name: string, folder: string) {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  if (name.startsWith("--")) return dev(folder, name, String(port));
  return devOn(port, folder);
}
