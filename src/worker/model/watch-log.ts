import { setImmediate as turn } from "node:timers/promises";
import { type AnyEventObject, fromCallback } from "xstate";
import type { LogMatched } from "../../../machines/events.js";
import type { Log } from "../../shared/log.js";
import type { LogActionConfig, LogPattern } from "../config/config.js";
import { Repeats } from "./log-repeats.js";
import { LogTail, UnsuitableLogError } from "./log-tail.js";
import type { LogLine } from "./log-text.js";

/**
 * Characters of a line that a regular expression sees, at most, so that quadratic expressions stay fast on any text that a
 * client brings into the log. Substrings are searched in the whole line.
 */
const SEEN_LENGTH = 2048;

/** Searches a line for one pattern. @returns the text that matches. */
export type Finder = (line: string) => string | undefined;

export function finderOf(pattern: LogPattern): Finder {
  if (typeof pattern === "string") return (line) => (line.includes(pattern) ? pattern : undefined);
  // A copy, because an expression with the flag g or y holds the position of its last match.
  const own = new RegExp(pattern.source, pattern.flags);
  return (line) => {
    own.lastIndex = 0;
    // The ellipsis keeps `$` from matching at the cut.
    return own.exec(line.length > SEEN_LENGTH ? `${line.slice(0, SEEN_LENGTH)}…` : line)?.[0];
  };
}

/** Milliseconds of searching after which control returns to the event loop. */
const SEARCH_MS = 5;

interface WatchOptions {
  readonly file: string;
  readonly patterns: { readonly [Kind in keyof LogActionConfig]-?: readonly LogPattern[] };
  readonly log: Log;
  /** No other event means that the model has loaded. */
  readonly isRequired: boolean;
}

/**
 * The log of the model server as an actor that sends an event for each line that matches. A line that matches several lists
 * counts as an error first, then as loaded, then as information. A file that can be no log, such as a pipe, is an error of
 * the worker where the log is required, until a regular file is in its place.
 */
export function watchLog({ file, patterns: { onLoad, onError, onInfo }, log, isRequired }: WatchOptions) {
  const searches = (
    [
      ["log.failed", onError],
      ["log.loaded", onLoad],
      ["log.noted", onInfo],
    ] as const
  ).flatMap(([type, patterns]) => patterns.map((pattern) => ({ type, find: finderOf(pattern) })));

  // Shared by all actors of the worker: one that replaces another must not treat new lines as stale.
  const tail = new LogTail(file);

  return fromCallback<AnyEventObject>(({ sendBack }) => {
    const stopping = new AbortController();
    const { signal } = stopping;
    const repeats = new Repeats(log, sendBack);
    /** Pattern that the incomplete line was reported to match. */
    let said: object | undefined;

    const search = ({ text: line, stale, again }: LogLine): void => {
      if (!again) said = undefined;
      for (const pattern of searches) {
        const match = pattern.find(line);
        if (match === undefined) continue;
        if (pattern !== said) repeats.add({ type: pattern.type, line, match, stale }, pattern);
        said = pattern;
        return;
      }
    };
    const onFault = (error: unknown): void => {
      if (error instanceof UnsuitableLogError) {
        const line = `modelLogFile ${file}: ${error.message}`;
        log.error({ file }, `model log: ${error.message}`);
        if (isRequired)
          sendBack({ type: "log.failed", line, match: line, stale: false } satisfies LogMatched);
      } else log.warn({ file, err: error }, "model log unreadable, trying again");
    };
    const follow = async (): Promise<void> => {
      for await (const lines of tail.lines(signal, onFault)) {
        let since = performance.now();
        for (const line of lines) {
          search(line);
          if (performance.now() - since < SEARCH_MS) continue;
          repeats.settle();
          await turn();
          if (signal.aborted) return;
          since = performance.now();
        }
        repeats.settle();
      }
    };
    void follow();
    return () => {
      stopping.abort();
      repeats.close();
    };
  });
}
