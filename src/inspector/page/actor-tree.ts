import { stateText } from "../chart/state-value.js";
import type { ActorRow, StateValue } from "../recorder/frames.js";
import type { ActorEntry, ActorTable } from "./actor-table.js";
import { type Past, stateAt } from "./history.js";

/** A line of the tree. */
export type TreeLine = ActorLine | GroupLine;

export interface ActorLine {
  readonly kind: "actor";
  readonly key: string;
  readonly depth: number;
  readonly row: ActorRow;
  /** In the past only what it was in then; undefined: no machine, or before the records. */
  readonly state: StateValue | undefined;
  /** Events per second; undefined: in the past. */
  readonly rate: number | undefined;
  readonly isKnown: boolean;
  readonly children: number;
  readonly isOpen: boolean;
}

/** Many children of one kind in one state. */
interface GroupLine {
  readonly kind: "group";
  readonly key: string;
  readonly depth: number;
  readonly label: string;
  readonly count: number;
  readonly isOpen: boolean;
}

export interface TreeOptions {
  /** Part of id, kind or state. */
  readonly filter: string;
  /** Keys of lines that were opened or closed by hand; without it, groups are closed and all else is open. */
  readonly toggled: ReadonlyMap<string, boolean>;
  /** Undefined: now. */
  readonly past: Past | undefined;
}

/** Children of one kind beyond this many are shown in groups, by state. */
const GROUPED_FROM = 12;

/** The tree's lines, parents before their children. */
export function treeLines(table: ActorTable, { filter, toggled, past }: TreeOptions): readonly TreeLine[] {
  const entries = past === undefined ? [...table.alive()] : entriesAt(table, past);
  const needle = filter.trim().toLowerCase();
  const present = new Set(entries.map(({ row }) => row.ref));
  const children = new Map<string, ActorEntry[]>();
  for (const entry of entries) {
    const { parent } = entry.row;
    const key = parent !== undefined && present.has(parent) ? parent : ROOT;
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [entry]);
    else siblings.push(entry);
  }
  const stateOf = ({ row }: ActorEntry): StateValue | undefined =>
    past === undefined ? row.state : stateAt(row, past)?.state;
  const lines: TreeLine[] = [];

  /** @returns whether anything of it was shown. */
  const addActor = (entry: ActorEntry, depth: number): boolean => {
    const { row } = entry;
    const state = stateOf(entry);
    const below = children.get(row.ref) ?? [];
    const isOpen = needle !== "" || (toggled.get(row.ref) ?? true);
    const place = lines.length;
    lines.push({
      kind: "actor",
      key: row.ref,
      depth,
      row,
      state,
      rate: past === undefined ? entry.rate : undefined,
      isKnown: past === undefined || stateAt(row, past) !== undefined,
      children: below.length,
      isOpen,
    });
    const isChildShown = isOpen && addChildren(row.ref, below, depth + 1);
    if (isChildShown || isMatch(row, state, needle)) return true;
    lines.length = place;
    return false;
  };

  const addChildren = (parent: string, below: readonly ActorEntry[], depth: number): boolean => {
    if (needle !== "" || below.length < GROUPED_FROM || parent === ROOT)
      return below.filter((entry) => addActor(entry, depth)).length > 0;
    for (const [label, members] of groupsOf(below, stateOf)) {
      const key = `${parent} ${label}`;
      const isOpen = toggled.get(key) ?? false;
      lines.push({ kind: "group", key, depth, label, count: members.length, isOpen });
      if (isOpen) for (const entry of members) addActor(entry, depth + 1);
    }
    return true;
  };

  addChildren(ROOT, children.get(ROOT) ?? [], 0);
  return lines;
}

/** By kind and state. */
function groupsOf(
  entries: readonly ActorEntry[],
  stateOf: (entry: ActorEntry) => StateValue | undefined,
): ReadonlyMap<string, readonly ActorEntry[]> {
  const groups = new Map<string, ActorEntry[]>();
  for (const entry of entries) {
    const state = stateOf(entry);
    const isUnknown = state === undefined && entry.row.state !== undefined;
    const label = `${entry.row.kind} ${isUnknown ? "before the recording" : stateText(state)}`.trim();
    const members = groups.get(label);
    if (members === undefined) groups.set(label, [entry]);
    else members.push(entry);
  }
  return groups;
}

/** No reference of an actor is empty. */
const ROOT = "";

function isMatch({ id, kind }: ActorRow, state: StateValue | undefined, needle: string): boolean {
  return needle === "" || `${id} ${kind} ${stateText(state)}`.toLowerCase().includes(needle);
}

/** The actors that existed at a record of the past, whether they have ended since or not. */
function entriesAt(table: ActorTable, { moments, unborn, later }: Past): ActorEntry[] {
  const wasThere = ({ ref }: ActorRow, isAlive: boolean): boolean => {
    const moment = moments.get(ref);
    if (moment !== undefined) return moment.status === "active";
    return !unborn.has(ref) && (isAlive || later.has(ref));
  };
  const gone = [...table.gone()].filter((row) => wasThere(row, false)).map((row) => ({ row, rate: 0 }));
  return [...[...table.alive()].filter(({ row }) => wasThere(row, true)), ...gone];
}
