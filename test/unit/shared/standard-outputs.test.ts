import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";

const MAIN = fileURLToPath(new URL("./support/flood-main.ts", import.meta.url));

test("a terminal that is stopped holds up neither what is logged and printed nor the end of the process", async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-terminal-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "lost");
  // A terminal whose screen shows nothing more: what `script` has read of it is not read.
  const terminal = spawn("script", ["-qec", `"${process.execPath}" --import tsx "${MAIN}"`, "/dev/null"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TEST_LOST_FILE: file },
  });
  onTestFinished(() => void terminal.kill("SIGKILL"));
  terminal.stdout.pause();
  const lost = Number(
    await eventually(async () => (await readFile(file, "utf8")) || false, { timeoutMs: 60_000 }),
  );
  expect(lost).toBeGreaterThan(1000);
  let text = "";
  terminal.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  terminal.stdout.resume();
  await once(terminal, "close");
  // Pretty lines, as on any terminal.
  expect(text).toMatch(/INFO.*: .*x{200} {2}n=0/);
  expect(text).toContain("printed xxx");
});
