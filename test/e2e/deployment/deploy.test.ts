import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defineDeployment } from "../../../src/deployment/index.js";
import { ProcessProvider } from "../../../src/engine/index.js";
import { tsworkerIn } from "../../support/command-line.js";
import { temporaryFolder } from "../../support/process-engine.js";
import { project } from "../../support/project.js";
import { startedEngine } from "../../support/started-engine.js";

/** A deployment whose version is in a file that it imports. */
const source = (version: string): Readonly<Record<string, string>> => ({
  "version.ts": `export const version: string = ${JSON.stringify(version)};`,
  "deployment.ts": `
import { setTimeout as pause } from "node:timers/promises";
import { defineDeployment } from "tsworker/deployment";
import { version } from "./version.js";
export const deployment = defineDeployment({
  name: "app",
  env: { GREETING: "hello" },
  secrets: ["APP_SECRET"],
  // Of the environment of the deployer: it is no part of the code.
  scaling: JSON.parse(process.env.APP_SCALING ?? "{}"),
});
if (version === "broken" && process.env.DEPLOYMENT_ID !== undefined) throw new Error("it does not load");
export const ask = deployment.remote(
  async (ms: number) => {
    await pause(ms);
    return { version, greeting: process.env.GREETING, secret: process.env.APP_SECRET };
  },
  { name: "ask", benchmark: [[1]], benchmarkRuns: 1, concurrency: null, workload: () => 1 },
);
`,
});

const SECRET = "it's $secret";

async function setUp() {
  const engine = await startedEngine({
    provider: new ProcessProvider({ folder: await temporaryFolder(), graceSeconds: 10 }),
    scaling: { max_workers: 1, cold_workers: 0, min_load: 0, cold_mult: 1 },
  });
  const folder = await project(source("one"));
  const deploy = async (scaling = '{"max_workers": 1}') => {
    const running = tsworkerIn(
      { cwd: folder, env: { APP_SECRET: SECRET, APP_SCALING: scaling } },
      ...["deploy", "deployment.ts", "--engine-url", engine.url, "-k", "key"],
    );
    const code = await running.exitCode;
    return { code, out: running.stdout(), error: running.stderr() };
  };
  const deployment = defineDeployment({ name: "app" });
  deployment.connect({ apiKey: "key", engineUrl: engine.url });
  const ask = deployment.remote(
    async (_: number): Promise<{ version: string; greeting: string; secret: string }> => {
      throw new Error("runs on a worker only");
    },
    { name: "ask" },
  );
  const writeVersion = async (version: string): Promise<void> => {
    for (const [path, text] of Object.entries(source(version))) {
      await writeFile(join(folder, path), text);
    }
  };
  return { engine, deploy, ask, writeVersion };
}

test("a deployment is started, called, left alone while unchanged, and updated without a lost call", async () => {
  const { engine, deploy, ask, writeVersion } = await setUp();
  const first = await deploy();
  expect(first, first.error).toMatchObject({ code: 0 });
  expect(first.out).toMatch(/package +deployment\.ts .* hash [0-9a-f]{12}\n/);
  expect(first.out).toMatch(/register +app {2}is new {2}id \d+\n[\d:]+ +upload +[\d.]+ KiB\n/);
  expect(first.out).toMatch(/workers +1 of 1 ready/);
  expect(await ask(0)).toEqual({ version: "one", greeting: "hello", secret: SECRET });
  const [worker] = engine.workers;

  const again = await deploy();
  expect(again.out).toMatch(/app {2}is unchanged/);
  expect(again.out).toContain("not needed: the engine has this code");
  expect(engine.workers.map(({ id }) => id)).toEqual([worker?.id]);

  const scaled = await deploy('{"max_workers": 1, "max_queue_time": 20}');
  expect(scaled.out).toContain("is unchanged, with other parameters of scaling");
  expect(engine.workers.map(({ id }) => id)).toEqual([worker?.id]);

  // Calls all the time, and one that is long enough to be running when its worker is replaced.
  const versions: string[] = [];
  let isUpdating = true;
  const callers = Array.from({ length: 4 }, async () => {
    while (isUpdating) versions.push((await ask(5)).version);
  });
  const long = ask(8000);
  await writeVersion("two");
  const updated = await deploy();
  isUpdating = false;
  await Promise.all(callers);
  expect(updated, updated.error).toMatchObject({ code: 0 });
  expect(updated.out).toMatch(/has a new version/);
  expect(updated.out).toMatch(/update +replaces 1 worker\n/);
  expect(await long).toMatchObject({ version: "one" });
  expect(await ask(0)).toMatchObject({ version: "two" });
  expect(new Set(versions)).toEqual(new Set(["one", "two"]));
  expect(engine.workers.map(({ id }) => id)).not.toContain(worker?.id);

  // A version that cannot run does not replace one that does.
  await writeVersion("broken");
  const broken = await deploy();
  expect(broken.code).toBe(1);
  expect(broken.error).toMatch(
    /the update was stopped, because the new worker \d+ failed: .*it does not load/,
  );
  expect(await ask(0)).toMatchObject({ version: "two" });

  // Its cause may be gone: the same code is tried again.
  const retried = await deploy();
  expect(retried.out).toMatch(/app {2}is unchanged[\s\S]*update +replaces \d workers?\n/);
  expect(retried.error).toMatch(/the update was stopped/);
  expect(await ask(0)).toMatchObject({ version: "two" });
});

test("what cannot be deployed is refused with its reason", async () => {
  const engine = await startedEngine();
  const body = (text: string): string => `import { defineDeployment } from "tsworker/deployment";\n${text}`;
  const folder = await project({
    "none.ts": "export const x = 1;",
    "syntax.ts": "export const x = ;",
    "throws.ts": 'throw new Error("at its top level");',
    "empty.ts": body('export const d = defineDeployment({ name: "a" });'),
    "unmeasured.ts": body(
      'export const d = defineDeployment({ name: "a" });\nd.remote(async function f() {});',
    ),
    "options.ts": body('export const d = defineDeployment({ name: "a b" });'),
    "two.ts": body('export const a = defineDeployment({ name: "a" }), b = defineDeployment({ name: "b" });'),
    "secret.ts": body(
      'export const d = defineDeployment({ name: "a", secrets: ["NOT_SET"] });\nd.remote(async function f() {}, { benchmark: [[]] });',
    ),
    "calls.ts": body(
      'const d = defineDeployment({ name: "a" });\nawait d.remote(async function f() {}, { benchmark: [[]] })();',
    ),
    "good.ts": body(
      'export const d = defineDeployment({ name: "a" });\nd.remote(async function f() {}, { benchmark: [[]] });',
    ),
  });
  const refused = async (file: string, ...flags: readonly string[]): Promise<string> => {
    const running = tsworkerIn({ cwd: folder }, "deploy", file, ...flags);
    expect(await running.exitCode, `${file}: ${running.stdout()}`).toBe(1);
    return running.stderr();
  };
  const local = ["--engine-url", engine.url, "-k", "key"] as const;
  expect(await refused("missing.ts", ...local)).toContain("/missing.ts: name that of a deployment");
  expect(await refused("none.ts", ...local)).toContain(
    "none.ts has no deployment: it needs export const deployment",
  );
  expect(await refused("syntax.ts", ...local)).toMatch(/syntax\.ts cannot be loaded:\s[\s\S]*SyntaxError/);
  expect(await refused("throws.ts", ...local)).toMatch(
    /throws\.ts cannot be loaded:\s[\s\S]*at its top level/,
  );
  expect(await refused("empty.ts", ...local)).toContain("the deployment a has no functions");
  expect(await refused("unmeasured.ts", ...local)).toContain(
    "the deployment a has no benchmark: give one of its functions (f)",
  );
  expect(await refused("options.ts", ...local)).toContain("name: expected 1 to 64 letters");
  expect(await refused("two.ts", ...local)).toContain(
    "two.ts has several deployments (a, b): choose one with --name",
  );
  expect(await refused("secret.ts", ...local)).toContain(
    "secrets that are not set in this environment: NOT_SET",
  );
  expect(await refused("calls.ts", ...local)).toContain(
    "f was called while tsworker deploy loads the deployment's file",
  );
  expect(await refused("good.ts", "--engine-url", "http://127.0.0.1:1", "-k", "key")).toContain(
    "no answer from the web service at http://127.0.0.1:1",
  );
  expect(await refused("good.ts", "--engine-url", engine.url, "-k", "wrong")).toContain("invalid api_key");
  const unstarted = tsworkerIn({ cwd: folder }, "deploy", "good.ts", ...local);
  expect(await unstarted.exitCode).toBe(0);
  expect(unstarted.stdout()).toContain("none: this engine starts none");
});
