import { type AnyEventObject, fromCallback } from "xstate";
import type { LogMatched } from "../../machines/events.js";
import type { LogActionConfig } from "../config.js";
import type { Log } from "../log.js";
import { type LogLine, LogTail } from "./log-tail.js";

/** Longest part of a model's line that goes into the worker's own log. */
const SHOWN_LENGTH = 500;

/**
 * The log of the model server as an actor: tells of each line that matches. A line that matches several lists
 * counts as an error first, then as loaded, then as information.
 */
export function watchLog(file: string, { onLoad, onError, onInfo }: Required<LogActionConfig>, log: Log) {
  const lists = [
    { type: "log.failed", substrings: onError },
    { type: "log.loaded", substrings: onLoad },
    { type: "log.noted", substrings: onInfo },
  ] as const;

  const match = ({ text: line, stale }: LogLine): LogMatched | undefined => {
    for (const { type, substrings } of lists) {
      const found = substrings.find((substring) => line.includes(substring));
      if (found !== undefined) return { type, line, match: found, stale };
    }
    return undefined;
  };

  // Of the worker, not of one actor: an actor that takes over from one that died must not call new lines stale.
  const tail = new LogTail(file);

  return fromCallback<AnyEventObject>(({ sendBack }) => {
    const stopping = new AbortController();
    const follow = async (): Promise<void> => {
      const onFault = (error: unknown): void =>
        log.warn({ file, err: error }, "model log unreadable, trying again");
      for await (const line of tail.lines(stopping.signal, onFault)) {
        const event = match(line);
        if (event === undefined || stopping.signal.aborted) continue;
        const level = event.type === "log.failed" ? "error" : "info";
        log[level]({ line: event.line.slice(0, SHOWN_LENGTH), match: event.match }, "model log");
        sendBack(event);
      }
    };
    void follow();
    return () => stopping.abort();
  });
}
