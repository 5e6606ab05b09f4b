import { isMainThread } from "node:worker_threads";
import { LogOutput } from "./log-output.js";
import { descriptorSink } from "./log-sink.js";
import { ignoreOutputErrors } from "./output-errors.js";

const outputs = new Map<1 | 2, LogOutput>();

/** Standard output (1) or standard error (2), with writes that never block. */
export function standardOutput(descriptor: 1 | 2): LogOutput {
  let output = outputs.get(descriptor);
  if (output === undefined) {
    const created = new LogOutput(descriptorSink(descriptor));
    output = created;
    outputs.set(descriptor, created);
    process.on("exit", () => created.flushAtExit());
  }
  return output;
}

/** Lines of standard output and standard error that were dropped since the start of the process. */
export const droppedLines = (): number =>
  [...outputs.values()].reduce((sum, { dropped }) => sum + dropped, 0);

let isBounded = false;

/**
 * Sends `console` and `process.stdout` through the same bounded outputs. A blocked output would otherwise block the
 * process, fill its memory, or keep it from exiting.
 */
export function boundConsoleOutput(): void {
  // Worker threads write to the streams of the main thread.
  if (isBounded || !isMainThread) return;
  isBounded = true;
  ignoreOutputErrors();
  for (const stream of [process.stdout, process.stderr]) {
    const output = standardOutput(stream.fd);
    stream.write = (chunk: string | Uint8Array, encoding?: unknown, callback = encoding): boolean => {
      const isText =
        typeof chunk === "string" && (typeof encoding !== "string" || /^utf-?8$/i.test(encoding));
      output.write(isText ? chunk : Buffer.from(chunk as string, encoding as BufferEncoding).toString());
      if (typeof callback === "function") process.nextTick(callback as () => void);
      return true;
    };
  }
}
