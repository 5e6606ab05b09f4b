import { expect } from "vitest";
import type { InspectRecord } from "../../src/inspector/recorder/frames.js";
import { tsworker } from "./command-line.js";
import { startFakeInspector } from "./fake-inspector.js";
import { helloOf, tickOf } from "./inspect-frames.js";

export const linesOf = (text: string): readonly string[] => text.split("\n").slice(0, -1);

/** Numbers of the records in an output of `--json`. */
export const numbersOf = (text: string): readonly number[] =>
  linesOf(text).map((line) => (JSON.parse(line) as InspectRecord).n);

/** What `tsworker inspect` prints with these options of a worker that sends these records and ends. */
export async function inspected(
  records: readonly InspectRecord[],
  ...options: readonly string[]
): Promise<string> {
  const { inspector, url } = await startFakeInspector(helloOf());
  const command = tsworker("inspect", url, ...options);
  await inspector.attached(1);
  inspector.send(tickOf(records));
  inspector.close(1001);
  expect(await command.exitCode).toBe(0);
  return command.stdout();
}
