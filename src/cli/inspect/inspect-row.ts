import { stripVTControlCharacters } from "node:util";
import { stateText } from "../../inspector/chart/state-value.js";
import type {
  ErrorRecord,
  EventRecord,
  InspectRecord,
  RequestRecord,
  SafeValue,
} from "../../inspector/recorder/frames.js";
import type { Span } from "./inspect-span.js";

/** A record as a line of columns, and the lines that belong below it. */
export interface InspectRow {
  readonly at: number;
  /** Empty: nobody. */
  readonly from: string;
  readonly to: string;
  readonly what: Span;
  readonly detail: readonly Span[];
  readonly below: readonly string[];
}

const OUTCOME_STYLES = { success: "green", cancelled: "yellow", rejected: "red", error: "red" } as const;
/** Characters of a payload or of details that are worth a line. */
const MAX_VALUE_LENGTH = 200;

/**
 * What a record says, in words.
 *
 * @param before state of the actor before that; undefined: not known.
 */
export function inspectRow(record: InspectRecord, before: string | undefined): InspectRow {
  switch (record.kind) {
    case "event":
      return eventRow(record, before);
    case "request":
      return requestRow(record);
    case "error":
      return errorRow(record);
  }
}

function eventRow(record: EventRecord, before: string | undefined): InspectRow {
  const state = record.state === undefined ? undefined : stateText(record.state);
  const detail: Span[] = [];
  if (state !== undefined && before !== undefined && state !== before) {
    detail.push(
      { text: before, style: "dim" },
      { text: " → ", style: "dim" },
      { text: state, style: "bold" },
    );
  } else if (state !== undefined) {
    detail.push({ text: state, style: before === undefined ? "bold" : "dim" });
  }
  if (record.status !== "active") {
    detail.push({ text: ` (${record.status})`, style: record.status === "error" ? "red" : "dim" });
  }
  const payload = fieldsText(record.payload);
  if (payload !== "") detail.push({ text: `${detail.length === 0 ? "" : "  "}${payload}`, style: "dim" });
  return {
    at: record.at,
    from: plain(record.sender ?? ""),
    to: plain(record.actor),
    what: { text: plain(record.event), style: "cyan" },
    detail: detail.map(({ text, style }) => ({ text: plain(text), style })),
    below: [],
  };
}

function requestRow(record: RequestRecord): InspectRow {
  const rest = [
    `queue.${record.queue}`,
    ...(record.session === undefined ? [] : [`session.${record.session}`]),
    ...(record.workload === undefined ? [] : [`workload ${Math.round(record.workload * 10) / 10}`]),
    ...(record.requestIdx === undefined ? [] : [`request ${record.requestIdx}`]),
  ];
  return {
    at: record.at,
    from: "client",
    to: plain(record.route),
    what: {
      text: `${record.outcome.padEnd(9)} ${record.status} ${duration(record.endedAt - record.arrivedAt)}`,
      style: OUTCOME_STYLES[record.outcome],
    },
    detail: [
      { text: phases(record).join("  "), style: "none" },
      { text: `  ${plain(rest.join("  "))}`, style: "dim" },
    ],
    below: [],
  };
}

/** Where the time went. The phase that it ended in lasted until then. */
function phases(record: RequestRecord): readonly string[] {
  const marks = [
    { name: "check", until: record.admittedAt },
    { name: "wait", until: record.startedAt },
    { name: "first byte", until: record.firstByteAt },
    { name: "stream", until: record.endedAt },
  ];
  const parts: string[] = [];
  let from = record.arrivedAt;
  for (const { name, until } of marks) {
    parts.push(`${name} ${duration((until ?? record.endedAt) - from)}`);
    if (until === undefined) break;
    from = until;
  }
  return parts;
}

function errorRow(record: ErrorRecord): InspectRow {
  const details = fieldsText(record.details);
  return {
    at: record.at,
    from: "",
    to: plain(record.actor ?? "worker"),
    what: { text: record.level, style: record.level === "warn" ? "yellow" : "red" },
    detail: [
      { text: plain(record.message), style: record.level === "warn" ? "none" : "red" },
      ...(details === "" ? [] : [{ text: `  ${plain(details)}`, style: "dim" } as const]),
    ],
    below: record.causes.map(({ name, message, stack }) => {
      const frame = /^\s+(at .+)$/m.exec(stack ?? "")?.[1];
      return plain(`${name}: ${message}${frame === undefined ? "" : `  ${frame}`}`);
    }),
  };
}

/** Milliseconds in as many digits as one reads. */
function duration(ms: number): string {
  if (ms < 9.95) return `${Math.max(0, ms).toFixed(1)}ms`;
  if (ms < 999.5) return `${ms.toFixed(0)}ms`;
  return ms < 99_995 ? `${(ms / 1000).toFixed(2)}s` : `${(ms / 1000).toFixed(0)}s`;
}

/** Fields of an event or of details in one line. The type stands elsewhere. */
function fieldsText(value: SafeValue): string {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return value === null ? "" : shown(value);
  const text = Object.entries(value)
    .filter(([key]) => key !== "type")
    .map(([key, field]) => `${key}=${shown(field)}`)
    .join(" ");
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

const shown = (value: SafeValue): string =>
  typeof value === "string" && /^[^\s"]+$/.test(value) ? value : (JSON.stringify(value) ?? "");

/** What others wrote is not to move the cursor, clear the screen or end the line. */
const plain = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}+/gu, " ");
