import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { startedEngine } from "../../support/started-engine.js";
import { root } from "../../unit/support/documents.js";

const SLOW = { timeoutMs: 60_000 };

const UNSHARE = ["--pid", "--fork", "--mount-proc", "--kill-child"];

const fails = (program: string, ...parameters: readonly string[]): Promise<boolean> =>
  promisify(execFile)(program, parameters).then(
    () => false,
    () => true,
  );

const noNamespaces = await fails("unshare", ...UNSHARE, "true");
/** Where it is missing, `TEST_TINI=required` makes that a failure. */
const noTini = process.env.TEST_TINI !== "required" && (await fails("tini", "--version"));

/** Five helpers whose parent has ended, and who end as soon as there is a file `go`. */
const WORKER = `
import { spawn } from "node:child_process";
import { Worker } from "tsworker";
const helper = "(sh -c 'until [ -e go ]; do sleep 0.1; done' &)";
spawn("sh", ["-c", Array(5).fill(helper).join("; ") + "; exec sleep 300"], { stdio: "ignore" }).unref();
await new Worker({
  handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}), runs: 1, concurrency: 1 } }],
}).run();
`;

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly isZombie: boolean;
}

/** Every process, as the system shows it from outside of the namespace. */
function processes(): readonly Seen[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, command = ""] = /\((.*)\)/s.exec(stat) ?? [];
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid: Number(name), parent: Number(parent), name: command, isZombie: state === "Z" }];
    } catch {
      return [];
    }
  });
}

const childrenOf = (pid: number): readonly Seen[] => processes().filter(({ parent }) => parent === pid);

/** A worker as process 1 of a namespace, or below what is process 1 there. */
async function container(entry: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-container-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root("."), join(folder, "node_modules", "tsworker"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "worker.js"), WORKER);
  const engine = await startedEngine();
  const [port, httpPort] = [String(await freePort()), String(await freePort())];
  const child = spawn("unshare", [...UNSHARE, ...entry, "run", "worker.js"], {
    cwd: folder,
    env: {
      ...process.env,
      WORKER_PORT: port,
      WORKER_HTTP_PORT: httpPort,
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: port,
      CONTAINER_ID: "1",
      REPORT_ADDR: engine.url,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    output += piece;
  });
  const exitCode = once(child, "close").then(([code]) => code as number | null);
  await eventually(() => expect(output).toContain('"state":"ready"'), SLOW);
  const [first] = childrenOf(child.pid ?? 0);
  if (first === undefined) throw new Error("unshare has no child");
  /** The helpers that have process 1 for a parent by now. */
  const helpers = (): readonly Seen[] => childrenOf(first.pid).filter(({ name }) => name === "sh");
  await eventually(() => expect(helpers().filter(({ isZombie }) => !isZombie)).toHaveLength(5), SLOW);
  writeFileSync(join(folder, "go"), "");
  return { first, helpers, exitCode, output: () => output };
}

/** The image's entry point, with the package that was built here. */
function entryPoint(): readonly string[] {
  const [, entry = "[]"] = /^ENTRYPOINT (.*)$/m.exec(readFileSync(root("deploy/Dockerfile"), "utf8")) ?? [];
  return (JSON.parse(entry) as readonly string[]).map((word) =>
    word === "node" ? process.execPath : word.replace("/opt/tsworker", root(".")),
  );
}

test.skipIf(noNamespaces || noTini)(
  "what lost its parent is collected by the image's process 1, which passes SIGTERM on to the worker",
  async () => {
    const { first, helpers, exitCode, output } = await container(entryPoint());
    expect(first.name).toBe("tini");
    await eventually(() => expect(helpers()).toEqual([]), SLOW);
    process.kill(first.pid, "SIGTERM");
    expect(await exitCode).toBe(0);
    expect(output()).toContain('"state":"draining"');
  },
);

test.skipIf(noNamespaces)("without an init they stay, which is what the image's is for", async () => {
  const { helpers } = await container([process.execPath, root("dist/src/cli/main.js")]);
  await eventually(() => expect(helpers().filter(({ isZombie }) => isZombie)).toHaveLength(5), SLOW);
});
