import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { FakeInspector, startFakeInspector } from "../../support/fake-inspector.js";
import { eventOf, helloOf, tickOf } from "../../support/inspect-frames.js";
import { linesOf } from "../../support/inspected.js";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

describe("the end", () => {
  test("of a worker that is killed is printed, and is no failure", async () => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const command = tsworker("inspect", url);
    await eventually(() => expect(command.stderr()).toContain("attached"));
    inspector.stop();
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toContain("the worker is gone: the connection broke off");
  });

  test("comes on Ctrl-C before the worker has answered", async () => {
    const inspector = new FakeInspector();
    const command = tsworker("inspect", await inspector.start(() => {}));
    await inspector.attached(1);
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toContain("by SIGINT  0 records");
  });

  test("is silent when the reader of a pipe has closed it", async () => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const shell = spawn(
      "bash",
      [
        "-c",
        `"$0" --import tsx "$1" inspect "$2" --json | head -1; echo "codes \${PIPESTATUS[*]}"`,
        process.execPath,
        MAIN,
        url,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    onTestFinished(() => void shell.kill("SIGKILL"));
    let output = "";
    shell.stdout.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
    });
    let errors = "";
    shell.stderr.setEncoding("utf8").on("data", (piece: string) => {
      errors += piece;
    });
    const closed = once(shell, "close");
    let n = 0;
    const sending = setInterval(() => inspector.send(tickOf([eventOf(++n)])), 20);
    onTestFinished(() => clearInterval(sending));
    await closed;
    expect(output).toMatch(/^\{"kind":"event".*\}\ncodes 0 0\n$/);
    expect(linesOf(errors)).toEqual([expect.stringContaining("attached")]);
  });

  test("does not wait for a reader that takes nothing: the worker is read no further meanwhile", async () => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "inspect", url, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await inspector.attached(1);
    const tick = tickOf([eventOf(1, { payload: { text: "x".repeat(1_000_000) } })]);
    await eventually(
      () => {
        inspector.send(tick);
        return inspector.unread > 20_000_000;
      },
      { intervalMs: 5 },
    );
    child.kill("SIGINT");
    await inspector.attached(0);
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect(code).toBe(0);
  });
});
