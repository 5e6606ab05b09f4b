import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import type { Frame, Hello } from "../../inspector/recorder/frames.js";
import { frameLine } from "../../inspector/recorder/recording.js";
import { announcedWorkers } from "../../shared/announcement.js";
import { TsworkerError } from "../../shared/errors.js";
import { untilSignal } from "../command/signals.js";
import { printEvent } from "../command/terminal.js";
import { InspectConnection } from "./inspect-connection.js";
import { type InspectSelection, inspectFilter } from "./inspect-filter.js";
import { InspectLog } from "./inspect-log.js";

interface InspectCommandOptions extends InspectSelection {
  readonly token?: string;
  readonly past: number;
  readonly json?: boolean;
  readonly record?: string;
}

/** Runs `tsworker inspect`. */
export async function run(url: string | undefined, options: InspectCommandOptions): Promise<void> {
  const connection = new InspectConnection(inspectAddress(url ?? localInspector(), options.token));
  const stop = new AbortController();
  void untilSignal().then((signal) => stop.abort(`by ${signal}`));
  process.stdout.on("error", (error) => stop.abort(error));
  // A closed standard error is no error.
  process.stderr.on("error", () => {});
  const log = new InspectLog({
    isSelected: inspectFilter(options),
    past: options.past,
    format: options.json === true ? "json" : "lines",
    lineFormat: () => ({
      width: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
      colours: process.stdout.isTTY && process.stdout.hasColors(),
    }),
  });
  const recorder = options.record === undefined ? undefined : new InspectRecorder(options.record);
  try {
    for await (const frame of connection.frames(stop.signal)) {
      await recorder?.write(frame);
      if (frame.type === "hello") report("attached", greeting(frame));
      const text = log.textOf(frame);
      if (text !== "" && !process.stdout.write(text)) {
        await once(process.stdout, "drain", { signal: stop.signal });
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await recorder?.close();
  }
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : connection.endReason();
  if (reason instanceof Error) return endOfOutput(reason);
  const parts = [
    `${reason}`,
    counted(log.shown, "record"),
    `${counted(log.leftOut, "event")} left out`,
    ...(options.record === undefined ? [] : [`recorded in ${options.record}`]),
  ];
  report("stopped", parts.join("  "));
}

/** @throws TsworkerError where there is none on this machine, or there are several. */
function localInspector(): string {
  const inspectors = announcedWorkers().flatMap(({ inspector }) => inspector ?? []);
  const [only] = inspectors;
  if (only === undefined) {
    throw new TsworkerError(
      "WORKER_UNREACHABLE",
      "no worker with an inspector runs on this machine: start one with npx tsworker dev, or with INSPECT=1, or name its " +
        "second port, such as http://127.0.0.1:3001",
    );
  }
  if (inspectors.length === 1) return only;
  const urls = inspectors.map((url) => `  ${url}`).join("\n");
  throw new TsworkerError(
    "WORKER_UNREACHABLE",
    `${inspectors.length} workers with an inspector run on this machine: name one\n${urls}`,
  );
}

const report = (label: string, text: string): void => printEvent(label, text, console.error);

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function greeting({ url, version, actors, actorsLeftOut, records }: Hello): string {
  const actorCount = counted(actors.length + actorsLeftOut, "actor");
  return `worker ${url}  tsworker ${version}  ${actorCount}  ${counted(records.length, "record")} of the past`;
}

/** A reader such as `head` that closes the pipe is no error. */
function endOfOutput(error: Error): void {
  if ("code" in error && error.code === "EPIPE") return;
  throw new TsworkerError("CONFIG_INVALID", `cannot write the output: ${error.message}`, { cause: error });
}

const SOCKET_PATH = "/inspect/socket";

/**
 * Address of the WebSocket of a worker's inspector.
 *
 * @param text the worker's second port, or the address of its page, with or without a scheme, such as
 *  `127.0.0.1:3001`, `http://127.0.0.1:3001/inspect?token=abc`, `ws://127.0.0.1:3001`.
 * @param token takes precedence over one in the address.
 * @throws TsworkerError where it is no such address.
 */
function inspectAddress(text: string, token: string | undefined): URL {
  const url = parsed(text.includes("://") ? text : `http://${text}`);
  if (url === undefined || !/^(?:http|ws)s?:$/.test(url.protocol)) {
    throw new TsworkerError(
      "WORKER_UNREACHABLE",
      `expected the worker's second port, such as http://127.0.0.1:3001, got ${text}`,
    );
  }
  const base = url.pathname.replace(/\/+$/, "").replace(/\/inspect(?:\/socket)?$/, "");
  const address = new URL(url);
  address.protocol = url.protocol.replace("http", "ws");
  address.pathname = base + SOCKET_PATH;
  address.hash = "";
  if (token !== undefined) address.searchParams.set("token", token);
  return address;
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/**
 * Writes a recording. Each frame is written before the next one is read: when this process is killed, all lines but the
 * last one are complete.
 */
class InspectRecorder {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The first frame replaces the file's content: a failed connection keeps an earlier recording. */
  async write(frame: Frame): Promise<void> {
    try {
      this.#file ??= await open(this.#path, "w");
      await this.#file.appendFile(frameLine(frame));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TsworkerError("CONFIG_INVALID", `cannot write the recording: ${reason}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
