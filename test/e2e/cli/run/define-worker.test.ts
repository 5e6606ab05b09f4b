import { join } from "node:path";
import { expect, test } from "vitest";
import { tsworkerIn } from "../../../support/command-line.js";
import { eventually } from "../../../support/eventually.js";
import { freePort } from "../../../support/free-port.js";
import { project } from "../../../support/project.js";
import { startedEngine } from "../../../support/started-engine.js";

const CONFIG =
  '{ handlers: [{ route: "/go", remoteFunction: () => "gone", benchmarkConfig: { generator: () => ({}), runs: 1 } }] }';

/** The environment of a worker that reports to an engine of the test. */
async function environment() {
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
  const isReady = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status === 200;
  return { env, isReady };
}

test.each([
  ["worker.ts", `import { defineWorker } from "tsworker";\nexport default defineWorker(${CONFIG});\n`],
  [
    "worker.cjs",
    `const { defineWorker } = require("tsworker");\nmodule.exports = defineWorker(${CONFIG});\n`,
  ],
  [
    "worker.cjs",
    `const { defineWorker } = require("tsworker");\nexports.default = defineWorker(${CONFIG});\n`,
  ],
])("a defined worker that %s exports is started, and drains on SIGTERM: %#", async (name, text) => {
  const cwd = await project({ [name]: text });
  const { env, isReady } = await environment();
  const command = tsworkerIn({ cwd, env }, "run", name);
  await eventually(isReady, { timeoutMs: 30_000 });
  command.signal("SIGTERM");
  expect(await command.exitCode, command.stderr()).toBe(0);
});

test("a program that starts its defined worker itself is left to it", async () => {
  const cwd = await project({
    "worker.ts": `import { defineWorker } from "tsworker";
const worker = defineWorker(${CONFIG});
export default worker;
worker.on("state", (state) => { if (state === "ready") void worker.stop(); });
await worker.start();
console.log(worker.url, worker.state);
`,
  });
  const { env } = await environment();
  const command = tsworkerIn({ cwd, env }, "run", "worker.ts");
  expect(await command.exitCode, command.stderr()).toBe(0);
  expect(command.stdout()).toContain(`http://127.0.0.1:${env.WORKER_PORT} `);
});

test("a defined worker that is not the default export is an error", async () => {
  const text = `import { defineWorker } from "tsworker";\nexport const worker = defineWorker(${CONFIG});\n`;
  const cwd = await project({ "worker.ts": text });
  const command = tsworkerIn({ cwd }, "run", "worker.ts");
  expect(await command.exitCode).toBe(1);
  expect(command.stderr()).toBe(
    "error: worker.ts defines a worker that is not its default export: write export default defineWorker({ … });\n",
  );
});

test("what the environment lacks is reported as with run()", async () => {
  const text = `import { defineWorker } from "tsworker";\nexport default defineWorker(${CONFIG});\n`;
  const cwd = await project({ "worker.ts": text });
  const command = tsworkerIn({ cwd }, "run", join(cwd, "worker.ts"));
  expect(await command.exitCode).toBe(1);
  expect(command.stderr()).toContain("error: the worker's environment has");
  expect(command.stderr()).toContain("npx tsworker dev");
});
