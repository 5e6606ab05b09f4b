import { stripVTControlCharacters } from "node:util";
import { stateText } from "../../inspector/chart/state-value.js";
import type {
  ErrorRecord,
  EventRecord,
  InspectRecord,
  RequestRecord,
  SafeValue,
} from "../../inspector/recorder/frames.js";
import { durationText } from "../../load/result-text.js";
import type { Span } from "../command/terminal.js";

/** A record as a line of columns, and the lines that belong below it. */
export interface InspectRow {
  readonly at: number;
  /** The sender; empty: none. */
  readonly from: string;
  readonly to: string;
  readonly what: Span;
  readonly detail: readonly Span[];
  readonly below: readonly string[];
}

const OUTCOME_STYLES = { success: "green", cancelled: "yellow", rejected: "red", error: "red" } as const;
/** Longest payload or details, in characters. */
const MAX_VALUE_LENGTH = 200;

/**
 * A record as a row.
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

/** Durations of the request's phases. The last one lasted until the end. */
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

/** Negative durations, after a change of the clock, are 0. */
const duration = (ms: number): string => durationText(Math.max(0, ms));

/** Fields of an event or of details in one line. The type is in another column. */
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

/** Removes control characters, which could move the cursor, clear the screen or end the line. */
const plain = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}+/gu, " ");
