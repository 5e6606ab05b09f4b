import { isMainThread } from "node:worker_threads";
import { LogOutput } from "./log-output.js";
import { descriptorSink } from "./log-sink.js";
import { ignoreOutputErrors } from "./output-errors.js";

const outputs = new Map<1 | 2, LogOutput>();

/** Standard output (1) or standard error (2), for everything in this process that must not wait for it. */
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

/** Lines that standard output and standard error did not take since the start of the process. */
export const lostLines = (): number => [...outputs.values()].reduce((sum, { dropped }) => sum + dropped, 0);

let isBounded = false;

/**
 * Lets `console` and `process.stdout` print through the same bounded outputs, from now on. Otherwise one that is stuck would
 * block the process, fill its memory, or keep it from ending.
 */
export function boundPrinting(): void {
  // Those of another thread are the main thread's.
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
