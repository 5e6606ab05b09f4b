import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { root } from "../../unit/support/documents.js";

const SLOW = { timeoutMs: 60_000 };
const REQUEST = ["/v1/completions", '{"prompt": "x", "max_tokens": 3}'];

/** A machine on which nothing runs yet. */
async function machine() {
  const cwd = await mkdtemp(join(tmpdir(), "tsworker-local-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const workerPort = await freePort();
  const env = {
    TMPDIR: cwd,
    VAST_API_KEY: "hosted",
    WORKER_PORT: String(workerPort),
    WORKER_HTTP_PORT: String(await freePort()),
  };
  const announced = async () => (await readdir(cwd)).filter((name) => /^tsworker-\d+$/.test(name));
  const runWith = (more: NodeJS.ProcessEnv, ...words: readonly string[]) =>
    tsworkerIn({ cwd, env: { ...env, ...more } }, ...words);
  const run = (...words: readonly string[]) => runWith({}, ...words);
  return { run, runWith, announced, cwd, workerPort };
}

/** Writes `worker.js`, a worker whose model has yet to be started on a port. */
async function workerAt(cwd: string, modelPort: number): Promise<void> {
  await mkdir(join(cwd, "node_modules"));
  await symlink(root("."), join(cwd, "node_modules", "tsworker"));
  await writeFile(join(cwd, "package.json"), '{ "type": "module" }\n');
  await writeFile(
    join(cwd, "worker.js"),
    `import { Worker } from "tsworker";
     await new Worker({
       modelServerUrl: "http://127.0.0.1:${modelPort}",
       modelHealthcheckUrl: "/health",
       handlers: [{ route: "/v1/completions", benchmarkConfig: { generator: () => ({}), runs: 1 } }],
     }).run();\n`,
  );
}

test("while dev runs, call, load and inspect need no address, endpoint and key, and afterwards they report that these are missing", async () => {
  const { run, announced } = await machine();
  const dev = run("dev", "--port", "0");
  await eventually(() => /worker +ready/.test(dev.stdout()), SLOW);
  const call = run("call", ...REQUEST);
  const load = run("load", "-n", "2", "-rps", "20");
  const inspect = run("inspect");
  expect(await call.exitCode, call.stderr()).toBe(0);
  expect(call.stdout()).toContain('"completion_tokens": 3');
  expect(await load.exitCode, load.stderr()).toBe(0);
  await eventually(() => inspect.stderr().includes("attached"), SLOW);
  dev.signal("SIGTERM");
  expect(await dev.exitCode).toBe(0);
  expect(await inspect.exitCode).toBe(0);
  expect(await announced()).toEqual([]);

  const later = run("call", ...REQUEST);
  expect(await later.exitCode).toBe(1);
  expect(later.stderr()).toMatch(
    /^error: no engine runs on this machine: start one with npx tsworker dev, .*\n$/,
  );
  const without = run("inspect");
  expect(await without.exitCode).toBe(1);
  expect(without.stderr()).toMatch(/^error: no worker with an inspector runs on this machine: .*\n$/);
});

test("of two engines one has to be chosen, and one that was killed is none", async () => {
  const { run } = await machine();
  const start = async () => {
    const engine = run("engine", "--port", "0", "--endpoint", "e", "--api-key", "k");
    const url = await eventually(() => /listening +(http:\S+)/.exec(engine.stdout())?.[1] ?? false, SLOW);
    return { engine, url };
  };
  const [first, second] = [await start(), await start()];
  const both = run("call", ...REQUEST);
  expect(await both.exitCode).toBe(1);
  expect(both.stderr()).toMatch(/^error: 2 engines run on this machine: choose one with --engine-url\n/);
  for (const { url } of [first, second])
    expect(both.stderr()).toContain(`  ${url}  endpoint e  (tsworker engine)\n`);
  first.engine.signal("SIGKILL");
  await first.engine.exitCode;
  const one = run("call", ...REQUEST, "--timeout", "1");
  expect(await one.exitCode).toBe(1);
  // It has no worker, but it was asked, with its key.
  expect(one.stderr()).toMatch(/no worker|--timeout/);
  expect(second.engine.stdout()).toContain("no worker");
});

test("a worker started by hand finds the token of the engine beside it, also when it has another or the engine is new", async () => {
  const { run, runWith, announced, cwd, workerPort } = await machine();
  await workerAt(cwd, await freePort());
  const port = await freePort();
  const start = async () => {
    const engine = run("engine", "--port", String(port), "--endpoint", "e", "--api-key", "k");
    const [, url = "", token = ""] = await eventually(
      () => /REPORT_ADDR=(\S+) MASTER_TOKEN=(\S{20,})/.exec(engine.stdout()) ?? false,
      SLOW,
    );
    return { engine, url, token };
  };
  const receives = (engine: ReturnType<typeof run>) =>
    eventually(() => expect(engine.stdout()).toMatch(/report +worker 7 /), SLOW);
  const first = await start();
  const [folder = ""] = await announced();
  const [file = ""] = await readdir(join(cwd, folder));
  expect((await stat(join(cwd, folder, file))).mode & 0o777).toBe(0o600);
  const { url, token } = first;
  expect(JSON.parse(await readFile(join(cwd, folder, file), "utf8"))).toMatchObject({ url, token });

  const env = {
    PUBLIC_IPADDR: "127.0.0.1",
    [`VAST_TCP_PORT_${workerPort}`]: String(workerPort),
    CONTAINER_ID: "7",
    REPORT_ADDR: url,
  };
  const without = runWith(env, "run", "worker.js");
  await receives(first.engine);
  expect(first.engine.stdout()).not.toContain("answered 401");
  without.signal("SIGTERM");
  await without.exitCode;
  first.engine.signal("SIGKILL");
  await first.engine.exitCode;

  const second = await start();
  const other = runWith({ ...env, MASTER_TOKEN: "another" }, "run", "worker.js");
  await receives(second.engine);
  expect(second.engine.stdout()).toContain("/worker_status/  answered 401");
  second.engine.signal("SIGKILL");
  await second.engine.exitCode;
  const third = await start();
  await receives(third.engine);
  for (const secret of [first, second, third]) {
    expect(without.stdout() + other.stdout()).not.toContain(secret.token);
  }
  other.signal("SIGTERM");
  await other.exitCode;
});

test("while no worker is ready, call and dev print what it waits for", async () => {
  const { run, cwd } = await machine();
  const modelPort = await freePort();
  await workerAt(cwd, modelPort);
  const dev = run("dev", "worker.js", "--no-model", "--port", "0");
  const reason = `waits for 127.0.0.1:${modelPort}: connection refused`;
  await eventually(() => expect(dev.stdout()).toContain(reason), SLOW);
  const call = run("call", ...REQUEST, "--timeout", "60");
  await eventually(() => expect(call.stderr()).toContain(reason), SLOW);
  expect(call.stderr()).toMatch(
    /^\d\d:\d\d:\d\d {2}waiting +the worker at http:\S+ is loading: it waits for /,
  );
  expect(call.stdout()).toBe("");
  dev.signal("SIGTERM");
  await dev.exitCode;
});
