import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { eventually } from "./eventually.js";

const CODE = `
  import { createInspectorServer } from "@statelyai/inspect/server";
  createInspectorServer({ port: Number(process.argv[1]), autoOpen: false });
`;

/** Stately's own relay as a process, so that it can be gone as a whole. Resolves to what ends it. */
export async function statelyServer(port: number): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", CODE, String(port)], {
    stdio: "inherit",
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(stop);
  await eventually(async () => expect200(await fetch(`http://127.0.0.1:${port}`)));
  return stop;
}

async function expect200(response: Response): Promise<boolean> {
  await response.body?.cancel();
  return response.status === 200;
}
