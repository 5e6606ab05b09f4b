import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { noHelm, rendered } from "../../support/helm.js";
import { parsed } from "../../support/metrics-text.js";
import { simulatedVllm } from "../../support/simulated-vllm.js";
import { root } from "../../unit/support/documents.js";

interface Pod {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly readinessProbe: { readonly httpGet: { readonly path: string } };
          readonly livenessProbe: { readonly httpGet: { readonly path: string } };
        }[];
      };
    };
  };
}

interface KeysSecret {
  readonly stringData: { readonly "keys.json": string };
}

const KEY = "sk-of-alice-1234";

describe.skipIf(noHelm)("a worker that is started as the chart's pod starts it", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-pod-"));
  const keysFile = join(folder, "keys.json");
  let model: ModelSimulator;
  let worker: ReturnType<typeof spawn>;
  let output = "";
  let url = "";
  let probes = "";
  let container: Pod["spec"]["template"]["spec"]["containers"][number] | undefined;

  beforeAll(async () => {
    model = simulatedVllm({ loadSeconds: 0.2, tokensPerSecond: 5000, firstTokenMs: 1 });
    const modelPort = Number(new URL(await model.start()).port);
    const [port, probePort] = [await freePort(), await freePort()];
    const objects = rendered({
      mode: "front",
      access: { keys: [{ name: "alice", key: KEY, requestsPerMinute: 1000 }] },
      model: { host: "127.0.0.1", port: modelPort, name: "simulated/llm-8b" },
      worker: { port, probePort },
      inferencePool: { enabled: true },
    });
    const of = (kind: string): unknown => objects.find((object) => object.kind === kind);
    [container] = (of("Deployment") as Pod).spec.template.spec.containers;
    writeFileSync(keysFile, (of("Secret") as KeysSecret).stringData["keys.json"]);
    const env = Object.fromEntries(container?.env.map(({ name, value }) => [name, value]) ?? []);
    worker = spawn(process.execPath, [root("dist/src/cli/main.js"), ...(container?.args ?? [])], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env, API_KEYS_FILE: keysFile, WORKER_HOST: "127.0.0.1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [worker.stdout, worker.stderr])
      stream?.setEncoding("utf8").on("data", (piece: string) => {
        output += piece;
      });
    url = `http://127.0.0.1:${port}`;
    probes = `http://127.0.0.1:${probePort}`;
  });
  afterAll(async () => {
    if (worker.exitCode === null) {
      worker.kill("SIGKILL");
      await once(worker, "exit");
    }
    await model.stop();
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
      body: JSON.stringify({ model: "simulated/llm-8b", prompt: "hello", max_tokens: 4 }),
    });

  test("is alive before its model has loaded, and ready after it was measured", async () => {
    await eventually(async () =>
      expect(await statusOf(container?.livenessProbe.httpGet.path), output).toBe(200),
    );
    await eventually(async () =>
      expect(await statusOf(container?.readinessProbe.httpGet.path), output).toBe(200),
    );
  });

  test("takes the keys of the Secret, and those that it has later", async () => {
    const answer = await complete(KEY);
    expect(answer.status, await answer.text()).toBe(200);
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

  test("drains on SIGTERM", async () => {
    worker.kill("SIGTERM");
    const [code] = await once(worker, "exit");
    expect(code, output).toBe(0);
  });
});
