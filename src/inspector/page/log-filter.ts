import type { InspectRecord } from "../recorder/frames.js";
import type { Entry } from "./history.js";

/** Filter of the log. Empty texts match everything. */
export interface LogFilter {
  /** Reference and id of the actor; undefined: all. */
  readonly actor: { readonly ref: string; readonly id: string } | undefined;
  /** Part of the event's name, or a pattern between slashes. */
  readonly type: string;
  /** Part of the payload, capital or not. */
  readonly text: string;
  readonly errorsOnly: boolean;
}

/** Whether the log shows an entry. */
type LogTest = (entry: Entry) => boolean;

/** A filter's test, or why there is none. */
type CompiledFilter =
  | { readonly ok: true; readonly test: LogTest }
  | { readonly ok: false; readonly message: string };

export function compileFilter({ actor, type, text, errorsOnly }: LogFilter): CompiledFilter {
  const named = compileName(type.trim());
  if (!named.ok) return named;
  const needle = text.trim().toLowerCase();
  const test: LogTest = (entry) => {
    if (entry.kind === "gap")
      return !errorsOnly && (actor === undefined || isMissing(entry.counts, actor.ref));
    const { record } = entry;
    if (errorsOnly && !isFailure(record)) return false;
    if (actor !== undefined && !concerns(record, actor)) return false;
    return named.test(nameOf(record)) && (needle === "" || payloadText(record).includes(needle));
  };
  return { ok: true, test };
}

/** A record's name in the log: an event's type, or its kind. */
export function nameOf(record: InspectRecord): string {
  switch (record.kind) {
    case "event":
      return record.event;
    case "request":
      return `request ${record.outcome}`;
    case "error":
      return record.level;
  }
}

/** Whether something went wrong. */
export function isFailure(record: InspectRecord): boolean {
  switch (record.kind) {
    case "event":
      return record.status === "error" || record.event.startsWith("xstate.error.");
    case "request":
      return record.outcome === "error";
    case "error":
      return true;
  }
}

type NameTest =
  | { readonly ok: true; readonly test: (name: string) => boolean }
  | { readonly ok: false; readonly message: string };

function compileName(type: string): NameTest {
  const pattern = /^\/(.+)\/(i?)$/.exec(type);
  const [, source, flags] = pattern ?? [];
  if (source === undefined) {
    const part = type.toLowerCase();
    return { ok: true, test: (name) => name.toLowerCase().includes(part) };
  }
  try {
    const expression = new RegExp(source, flags);
    return { ok: true, test: (name) => expression.test(name) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function concerns(
  record: InspectRecord,
  { ref, id }: { readonly ref: string; readonly id: string },
): boolean {
  switch (record.kind) {
    case "event":
      return record.ref === ref || record.sender === id;
    case "request":
      return id === `queue.${record.queue}` || id === `session.${record.session}`;
    case "error":
      return record.actor === id;
  }
}

function isMissing(counts: Readonly<Record<string, number>>, ref: string): boolean {
  return counts[ref] !== undefined || counts[""] !== undefined;
}

/** Texts to search in: made once per record, and gone with it. */
const texts = new WeakMap<InspectRecord, string>();

function payloadText(record: InspectRecord): string {
  const known = texts.get(record);
  if (known !== undefined) return known;
  const text = JSON.stringify(record.kind === "event" ? record.payload : record).toLowerCase();
  texts.set(record, text);
  return text;
}
