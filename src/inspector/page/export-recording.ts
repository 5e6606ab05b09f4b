import type { Frame, InspectRecord, Tick } from "../recorder/frames.js";
import type { Store } from "./store.js";

/** Records of one line: a file that is cut off loses no more of them. */
const LONGEST_LINE = 100;

/**
 * All that a store holds, as the frames of a recording: a hello without records, then ticks, one of which ends wherever
 * records are missing. Actors that have ended are in the hello and gone with the last tick.
 */
export function exportRecording(store: Store): readonly Frame[] {
  const hello = store.hello.peek();
  if (hello === undefined) return [];
  const { entries } = store.history;
  const actorsLeftOut = store.actorsLeftOut.peek();
  const at = store.at.peek();
  const ticks: Tick[] = [];
  let records: InspectRecord[] = [];
  for (let position = entries.start; position < entries.end; position += 1) {
    const entry = entries.at(position);
    if (entry === undefined) continue;
    if (entry.kind === "record") records.push(entry.record);
    if (entry.kind === "record" && records.length < LONGEST_LINE) continue;
    const leftOut = entry.kind === "gap" ? entry.counts : {};
    ticks.push({ type: "tick", at: entry.at, actors: [], gone: [], actorsLeftOut, records, leftOut });
    records = [];
  }
  const gone = [...store.actors.gone()];
  return [
    {
      ...hello,
      at,
      actors: [...gone, ...Array.from(store.actors.alive(), ({ row }) => row)],
      actorsLeftOut,
      records: [],
      samples: store.samples.peek(),
      lanes: store.lanes.peek(),
      timers: store.timers.peek(),
    },
    ...ticks,
    { type: "tick", at, actors: [], gone: gone.map(({ ref }) => ref), actorsLeftOut, records, leftOut: {} },
  ];
}
