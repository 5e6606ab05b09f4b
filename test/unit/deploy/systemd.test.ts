import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import { root } from "../support/documents.js";

const run = promisify(execFile);

const file = root("deploy/tsworker.service");
const unit = readFileSync(file, "utf8");

const settingOf = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];

const isMissing = await run("systemd-analyze", ["--version"]).then(
  () => false,
  () => true,
);

test.skipIf(isMissing)("systemd reports nothing about the unit", async () => {
  expect(await run("systemd-analyze", ["verify", "--recursive-errors=yes", file])).toEqual({
    stdout: "",
    stderr: "",
  });
});

test.skipIf(isMissing)("little of the machine is open to it", async () => {
  const { stdout } = await run("systemd-analyze", ["security", "--offline=yes", "--no-pager", file]);
  expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
});

test("a worker has the time that it needs to drain", () => {
  const benchmarkConfig = { generator: () => ({}) };
  const { drainTimeout } = checkConfig({
    handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig }],
  });
  expect(Number(settingOf("TimeoutStopSec"))).toBeGreaterThan(drainTimeout + 33);
  expect(settingOf("KillSignal")).toBe("SIGTERM");
});
