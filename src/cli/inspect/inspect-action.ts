import { once } from "node:events";
import type { Hello } from "../../inspector/recorder/frames.js";
import { announcedWorkers } from "../../shared/announcement.js";
import { TsworkerError } from "../../shared/errors.js";
import { printEvent } from "../call/print-event.js";
import { untilSignal } from "../until-signal.js";
import { inspectAddress } from "./inspect-address.js";
import { InspectConnection } from "./inspect-connection.js";
import { type InspectSelection, inspectFilter } from "./inspect-filter.js";
import { InspectLog } from "./inspect-log.js";
import { InspectRecorder } from "./inspect-recorder.js";

interface InspectCommandOptions extends InspectSelection {
  readonly token?: string;
  readonly past: number;
  readonly json?: boolean;
  readonly record?: string;
}

/** What `tsworker inspect` does. */
export async function run(url: string | undefined, options: InspectCommandOptions): Promise<void> {
  const connection = new InspectConnection(inspectAddress(url ?? localInspector(), options.token));
  const stop = new AbortController();
  void untilSignal().then((signal) => stop.abort(`by ${signal}`));
  process.stdout.on("error", (error) => stop.abort(error));
  // Whoever reads neither output any more is told nothing.
  process.stderr.on("error", () => {});
  const log = new InspectLog({
    isSelected: inspectFilter(options),
    past: options.past,
    format: options.json === true ? "json" : "lines",
    look: () => ({
      width: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
      colours: process.stdout.isTTY && process.stdout.hasColors(),
    }),
  });
  const recorder = options.record === undefined ? undefined : new InspectRecorder(options.record);
  try {
    for await (const frame of connection.frames(stop.signal)) {
      await recorder?.write(frame);
      if (frame.type === "hello") tell("attached", greeting(frame));
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
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : connection.howItEnded();
  if (reason instanceof Error) return endOfOutput(reason);
  const parts = [
    `${reason}`,
    counted(log.shown, "record"),
    `${counted(log.leftOut, "event")} left out`,
    ...(options.record === undefined ? [] : [`recorded in ${options.record}`]),
  ];
  tell("stopped", parts.join("  "));
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

const tell = (label: string, text: string): void => printEvent(label, text, console.error);

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function greeting({ url, version, actors, actorsLeftOut, records }: Hello): string {
  const alive = counted(actors.length + actorsLeftOut, "actor");
  return `worker ${url}  tsworker ${version}  ${alive}  ${counted(records.length, "record")} of the past`;
}

/** A reader such as `head` that has enough is no failure. */
function endOfOutput(error: Error): void {
  if ("code" in error && error.code === "EPIPE") return;
  throw new TsworkerError("CONFIG_INVALID", `cannot write the output: ${error.message}`, { cause: error });
}
