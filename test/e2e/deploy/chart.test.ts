import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { noHelm, notes, rendered, type Values } from "../../support/helm.js";
import { parsed } from "../../support/metrics-text.js";
import { root } from "../../unit/support/documents.js";

interface Container {
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
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

interface KeysSecret {
  readonly stringData: { readonly "keys.json": string };
}

const KEY = "sk-of-alice-1234";
const MODEL = "simulated/llm-8b";
const TSWORKER = [process.execPath, root("dist/src/cli/main.js")];

describe.skipIf(noHelm)("the chart's pod, with a simulated vLLM", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-pod-"));
  const keysFile = join(folder, "etc/tsworker/keys.json");
  const log = join(folder, "logs/vllm.log");
  let values: Values = {};
  let url = "";
  let probes = "";
  let vllm: ChildProcess | undefined;
  let worker: ChildProcess | undefined;
  let container: Container | undefined;
  let output = "";

  /** Starts a container's command with its variables; paths of volumes are in the folder. */
  function start({ args, env }: Container, [program = "", ...parameters]: readonly string[]): ChildProcess {
    const variables = env.map(({ name, value }) => [name, value.replace(/^\/(?=etc|logs)/, `${folder}/`)]);
    const child = spawn(program, [...parameters, ...args], {
      cwd: join(folder, "state"),
      env: {
        PATH: `${join(folder, "bin")}:${process.env.PATH}`,
        ...Object.fromEntries(variables),
        WORKER_HOST: "127.0.0.1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (piece: string) => {
        output += piece;
      });
    return child;
  }

  beforeAll(async () => {
    for (const path of ["bin", "etc/tsworker", "logs", "state"])
      mkdirSync(join(folder, path), { recursive: true });
    // `vllm serve MODEL --host … --port …`, whose log goes to its standard output.
    writeFileSync(
      join(folder, "bin/vllm"),
      `#!/bin/sh\nmodel=$2\nshift 2\nexec ${TSWORKER.join(" ")} sim vllm --model "$model" "$@" --log /dev/stderr\n`,
    );
    chmodSync(join(folder, "bin/vllm"), 0o755);
    const [port, probePort, modelPort] = [await freePort(), await freePort(), await freePort()];
    values = {
      access: { keys: [{ name: "alice", key: KEY, requestsPerMinute: 1000 }] },
      model: { name: MODEL, port: modelPort, args: ["--load-seconds", "0.5", "--tokens-per-second", "5000"] },
      worker: { port, probePort },
      inferencePool: { enabled: true },
    };
    const objects = rendered(values);
    const of = (kind: string): unknown => objects.find((object) => object.kind === kind);
    const { containers, initContainers } = (of("Deployment") as Deployment).spec.template.spec;
    writeFileSync(keysFile, (of("Secret") as KeysSecret).stringData["keys.json"]);
    const [sidecar] = initContainers;
    [container] = containers;
    if (sidecar === undefined || container === undefined) throw new Error("expected two containers");
    vllm = start(sidecar, sidecar.command ?? []);
    worker = start(container, TSWORKER);
    url = `http://127.0.0.1:${port}`;
    probes = `http://127.0.0.1:${probePort}`;
  });
  afterAll(async () => {
    for (const child of [worker, vllm]) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true });
  });

  const statusOf = (path = ""): Promise<number> =>
    fetch(probes + path).then(
      ({ status }) => status,
      () => 0,
    );
  const complete = (key: string) =>
    fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: MODEL, prompt: "hello", max_tokens: 4 }),
    });

  test("is alive at once, and ready when its model has loaded and was measured", async () => {
    await eventually(async () =>
      expect(await statusOf(container?.livenessProbe.httpGet.path), output).toBe(200),
    );
    await eventually(async () =>
      expect(await statusOf(container?.readinessProbe.httpGet.path), output).toBe(200),
    );
    expect(readFileSync(log, "utf8")).toContain("Application startup complete.");
  });

  test("answers the request that Helm's notes show", async () => {
    const [, command = ""] = /^ {2}(curl [\s\S]*?[^\\])$/m.exec(notes(values)) ?? [];
    const shown = command.replace("http://127.0.0.1:8080", url).replace("curl", "curl -sSf");
    const answer: unknown = JSON.parse(
      execFileSync("sh", ["-c", shown], { encoding: "utf8", env: { PATH: process.env.PATH, API_KEY: KEY } }),
    );
    expect(answer).toMatchObject({ model: MODEL, usage: { completion_tokens: 16 } });
  });

  test("takes the keys of the Secret, and those that it has later", async () => {
    expect((await complete(KEY)).status).toBe(200);
    expect((await complete("sk-of-somebody")).status).toBe(401);
    const next = "sk-of-bob-12345678";
    // As the kubelet does: whole at once.
    writeFileSync(`${keysFile}.new`, JSON.stringify({ keys: [{ name: "bob", key: next }] }));
    renameSync(`${keysFile}.new`, keysFile);
    await eventually(async () => expect((await complete(next)).status).toBe(200));
    expect((await complete(KEY)).status).toBe(401);
  });

  test("shows an endpoint picker its load on the port of the requests", async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect([...parsed(text).series.keys()]).toEqual(
      expect.arrayContaining(["vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"]),
    );
  });

  test("ends as Kubernetes ends it: the worker drains, then vLLM", async () => {
    for (const child of [worker, vllm]) {
      child?.kill("SIGTERM");
      await eventually(() => expect(child?.exitCode, output).toBe(0));
    }
  });
});
