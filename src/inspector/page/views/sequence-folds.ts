import { stateText } from "../../chart/state-value.js";
import type { EventRecord } from "../../recorder/frames.js";
import { countText, durationText, eventLabel } from "./format.js";

/** An event that came as often as this, with the same sender, receiver and state, is a repetition from its second time on. */
const REPETITIONS = 4;

/** Changes of its state are never folded: they are what all else leads to. */
const ROOT = "worker";

/** Names in the text of a fold. */
const MOST_NAMES = 4;

/** Events in the order in which they came: one that is drawn, or several that are folded. */
export interface SequenceGroup {
  /** At least one. */
  readonly records: readonly EventRecord[];
  readonly isFolded: boolean;
}

/**
 * Folds heartbeats and the starts of actors. Requests and sessions are no heartbeats, however many they are: their
 * events have an `id`.
 *
 * @param records oldest first.
 */
export function groupsOf(records: readonly EventRecord[]): readonly SequenceGroup[] {
  const counts = new Map<string, number>();
  for (const record of records) {
    const key = repetitionKey(record);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const drawn = new Set<string>();
  const groups: { records: EventRecord[]; isFolded: boolean }[] = [];
  for (const record of records) {
    const key = repetitionKey(record);
    const isRepetition = key !== undefined && (counts.get(key) ?? 0) >= REPETITIONS && drawn.has(key);
    if (key !== undefined) drawn.add(key);
    const isFolded = isRepetition || isStart(record);
    const last = groups.at(-1);
    if (isFolded && last?.isFolded) last.records.push(record);
    else groups.push({ records: [record], isFolded });
  }
  return groups;
}

/** Equal for events that are each other's repetitions; undefined: it is none, whatever came before. */
function repetitionKey({
  payload,
  sender,
  ref,
  actor,
  event,
  state,
  edges,
}: EventRecord): string | undefined {
  if (typeof payload === "object" && payload !== null && "id" in payload) return undefined;
  const text = stateText(state);
  if (event === "xstate.init" || event === "xstate.stop") return undefined;
  if (actor === ROOT && edges.length > 0 && !isInternal(edges, text)) return undefined;
  return `${sender} ${ref} ${event} ${text}`;
}

/** The edges leave the state that the actor is in, or one around it: what led to it is another one's. */
const isInternal = (edges: readonly string[], state: string): boolean =>
  edges.every((edge) => {
    const from = edge.slice(0, edge.indexOf("/"));
    return from === "" || state === from || state.startsWith(`${from}.`);
  });

const isStart = ({ event, sender }: EventRecord): boolean => event === "xstate.init" && sender !== undefined;

/** A fold in words: `7 actors started: edge, model, …; 12 repetitions in 30 s: 8 × report.due, …`. */
export function foldText(records: readonly EventRecord[]): string {
  const started = records.filter(isStart).map(({ actor }) => actor);
  const repeated = records.filter((record) => !isStart(record));
  return [
    ...(started.length === 0
      ? []
      : [`${started.length} ${started.length === 1 ? "actor" : "actors"} started: ${listed(started)}`]),
    ...(repeated.length === 0 ? [] : [repetitionText(repeated)]),
  ].join("; ");
}

function repetitionText(records: readonly EventRecord[]): string {
  const counts = new Map<string, number>();
  for (const { event } of records) counts.set(eventLabel(event), (counts.get(eventLabel(event)) ?? 0) + 1);
  const names = [...counts].toSorted(([, one], [, other]) => other - one);
  const span = (records.at(-1)?.at ?? 0) - (records[0]?.at ?? 0);
  const what = records.length === 1 ? "repetition" : `repetitions in ${durationText(span)}`;
  return `${countText(records.length)} ${what}: ${listed(names.map(([name, count]) => `${count} × ${name}`))}`;
}

const listed = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(", ")
    : `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`;
