import { BoundedList } from "./bounded-list.js";

/**
 * The logs of an endpoint, as the wire names them: `info0` what happens to workers and what goes wrong,
 * `info1` what is planned, `trace` where requests go, `debug` what workers report.
 */
export const LOGS = ["info0", "info1", "trace", "debug"] as const;
export type LogName = (typeof LOGS)[number];

/** Lines kept of each. */
const KEPT = 1000;

/** What an endpoint tells of itself: the newest lines. */
export class EndpointLog {
  readonly #lines: Readonly<Record<LogName, BoundedList<string>>> = {
    info0: new BoundedList(KEPT),
    info1: new BoundedList(KEPT),
    trace: new BoundedList(KEPT),
    debug: new BoundedList(KEPT),
  };

  write(log: LogName, text: string): void {
    this.#lines[log].push(`${new Date().toISOString()} ${text}`);
  }

  /** The newest lines of each, oldest first, as one text. */
  tail(count: number): Readonly<Record<LogName, string>> {
    const tailOf = (log: LogName): string => this.#lines[log].items.slice(-count).join("\n");
    return { info0: tailOf("info0"), info1: tailOf("info1"), trace: tailOf("trace"), debug: tailOf("debug") };
  }
}
