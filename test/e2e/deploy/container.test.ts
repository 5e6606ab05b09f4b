import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { close, listen } from "../../../src/shared/listen.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { noHelm, rendered } from "../../support/helm.js";
import { root } from "../../unit/support/documents.js";

const run = promisify(execFile);

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly Container[];
        readonly initContainers: readonly Container[];
      };
    };
  };
}

const VALUES = {
  access: { mode: "signature" },
  engine: { reportAddr: "http://engine:8080" },
  model: { args: ["--max-model-len", "8192 tokens"] },
};

/** A container of the chart's pod as Kubernetes starts it: `$$` is one `$`. */
function commandOf(name: string): readonly string[] {
  const deployment = rendered(VALUES).find(({ kind }) => kind === "Deployment") as unknown as Deployment;
  const { containers, initContainers } = deployment.spec.template.spec;
  const found = [...containers, ...initContainers].find((container) => container.name === name);
  return [...(found?.command ?? []), ...(found?.args ?? [])].map((part) => part.replaceAll("$$", "$"));
}

/** A folder for fakes of an image's programs. */
function programs(texts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-image-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

test("the image is healthy as long as the second port answers", async () => {
  const dockerfile = readFileSync(root("deploy/Dockerfile"), "utf8");
  const [, command = ""] = /HEALTHCHECK [^[]*CMD (\[.*\])/.exec(dockerfile) ?? [];
  const [, ...parameters] = JSON.parse(command) as readonly string[];
  const port = await freePort();
  const isHealthy = (env: NodeJS.ProcessEnv): Promise<boolean> =>
    run(process.execPath, parameters, { env }).then(
      () => true,
      () => false,
    );
  const env = { WORKER_PORT: String(port - 1) };
  expect(await isHealthy(env)).toBe(false);
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/healthz" ? status : 404).end();
  });
  await listen(server, "127.0.0.1", port);
  onTestFinished(() => close(server));
  expect(await isHealthy(env)).toBe(true);
  expect(await isHealthy({ WORKER_PORT: "1", WORKER_HTTP_PORT: String(port) })).toBe(true);
  status = 503;
  expect(await isHealthy(env)).toBe(false);
});

test.skipIf(noHelm)(
  "vLLM in the pod writes to the shared log and to the console, and gets the signals itself",
  async () => {
    const [shell = "", ...parameters] = commandOf("vllm");
    const folder = programs({
      vllm: 'trap "echo ending; exit 7" TERM\necho "$@"\necho "a warning" >&2\nwhile :; do sleep 0.05; done',
    });
    const log = join(folder, "vllm.log");
    writeFileSync(log, "a line of an earlier start\n");
    const child = spawn(shell, parameters, {
      env: { PATH: `${folder}:${process.env.PATH}`, MODEL_NAME: "a model", MODEL_LOG: log },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
    });
    const exitCode = new Promise((resolve) => child.once("close", resolve));
    const begun = "serve a model --host 127.0.0.1 --port 18000 --max-model-len 8192 tokens\na warning\n";
    await eventually(() => expect(readFileSync(log, "utf8")).toBe(begun));
    child.kill("SIGTERM");
    expect(await exitCode).toBe(7);
    expect(output).toBe(`${begun}ending\n`);
    expect(readFileSync(log, "utf8")).toBe(output);
  },
);

test.skipIf(noHelm)(
  "each pod's worker has an id of its own, and its init takes the place of the shell",
  async () => {
    const [shell = "", ...parameters] = commandOf("worker");
    const folder = programs({ tini: 'echo "$CONTAINER_ID $$ $@"' });
    const env = { PATH: `${folder}:${process.env.PATH}`, POD_UID: "0a1b2c3d-4e5f-6789-abcd-ef0123456789" };
    const child = spawn(shell, parameters, { env, stdio: ["ignore", "pipe", "inherit"] });
    const [text] = await child.stdout.setEncoding("utf8").toArray();
    expect(text).toBe(`${0x0a1b2c3d} ${child.pid} -s -- node /opt/tsworker/dist/src/cli/main.js run vllm\n`);
  },
);
