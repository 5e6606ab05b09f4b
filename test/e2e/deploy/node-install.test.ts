import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { Instance } from "../../support/instance.js";
import { startedEngine } from "../../support/started-engine.js";
import { WorkerRepository } from "../../support/worker-repository.js";

const VERSION = "22.99.0";
const NAME = `node-v${VERSION}-linux-${process.arch}`;
const READY = '"state":"ready"';

/** Where npm lies, beside the Node.js of the tests or wherever the path leads. */
const npm = realpathSync(execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim());

/** Puts a program into a folder. */
function program(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

/**
 * An instance whose Node.js is too old, and a mirror with one that is laid out as the official archives are. That one
 * leads to the Node.js of the tests: what is tested is how it gets there.
 */
async function setUp({ listed }: { readonly listed?: (sum: string) => string } = {}) {
  const [engine, repository] = [await startedEngine(), new WorkerRepository()];
  const asked: string[] = [];
  const instance = await Instance.create({
    REPORT_ADDR: engine.url,
    PYWORKER_REPO: repository.url,
    WORKER_NODE_VERSION: VERSION,
  });
  const bin = join(instance.path("mirror"), NAME, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "node"));
  program(bin, "npm", `exec "${process.execPath}" "${npm}" "$@"`);
  execFileSync("tar", ["-czf", instance.path("archive"), "-C", dirname(dirname(bin)), NAME]);
  const archive = readFileSync(instance.path("archive"));
  const sum = createHash("sha256").update(archive).digest("hex");
  const sums = `${"0".repeat(64)}  ${NAME}.tar.xz\n${listed?.(sum) ?? sum}  ${NAME}.tar.gz\n`;
  const files = new Map<string, Buffer | string>([
    [`/dist/v${VERSION}/${NAME}.tar.gz`, archive],
    [`/dist/v${VERSION}/SHASUMS256.txt`, sums],
  ]);
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const file = files.get(request.url ?? "");
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const mirror = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  const old = instance.path("old");
  program(old, "node", "echo v18.20.4");
  program(old, "npm", "exit 1");
  const path = `${old}:/usr/local/bin:/usr/bin:/bin`;
  return {
    instance,
    engine,
    asked: asked as readonly string[],
    start: (variables: Readonly<Record<string, string>> = {}) =>
      instance.start({ PATH: path, NODE_MIRROR: `${mirror}/dist`, ...variables }),
  };
}

test("a Node.js that is too old stays where it is, and the official one is fetched and used", async () => {
  const { start, asked, instance } = await setUp();
  const first = start();
  await first.says(READY);
  expect(asked).toEqual([`/dist/v${VERSION}/${NAME}.tar.gz`, `/dist/v${VERSION}/SHASUMS256.txt`]);
  const installed = instance.path(`workspace/${NAME}/bin/node`);
  expect(realpathSync(installed)).toBe(realpathSync(process.execPath));
  first.signal("SIGTERM");
  await first.exitCode;
  const second = start();
  await second.says(READY);
  expect(asked).toHaveLength(2);
});

test("an archive with another checksum is not unpacked, and the error is reported to the engine", async () => {
  const { start, engine, instance } = await setUp({ listed: () => "1".repeat(64) });
  const first = start();
  expect(await first.exitCode).toBe(1);
  expect(first.output()).toContain("the archive of Node.js does not match the mirror's SHASUMS256.txt");
  expect(engine.reports.at(-1)?.error_msg).toContain(`${NAME}.tar.gz: FAILED`);
  expect(() => realpathSync(instance.path(`workspace/${NAME}`))).toThrow();
});

test("a version that the mirror does not have is reported", async () => {
  const { start, engine } = await setUp();
  expect(await start({ WORKER_NODE_VERSION: "22.98.0" }).exitCode).toBe(1);
  expect(engine.reports.at(-1)?.error_msg).toBe(
    "start_worker: cannot fetch Node.js 22.98.0: curl: (22) The requested URL returned error: 404",
  );
});

test("a machine for which there is no official Node.js is reported", async () => {
  const { start, engine, instance } = await setUp();
  program(instance.path("old"), "uname", "echo riscv64");
  expect(await start().exitCode).toBe(1);
  expect(engine.reports.at(-1)?.error_msg).toContain("no official one for riscv64: add it to the image");
});

test("a Node.js that is new enough is taken, and nothing is fetched", async () => {
  const { start, asked } = await setUp();
  await start({ PATH: `${dirname(process.execPath)}:${process.env.PATH}` }).says(READY);
  expect(asked).toEqual([]);
});
