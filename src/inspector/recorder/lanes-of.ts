import type { Lane, Ticket } from "../../../machines/lane.js";
import type { WallClock } from "../../shared/wall-clock.js";
import type { LaneView } from "./frames.js";
import type { LiveActor } from "./live-actor.js";

/** Tickets that are shown of those that run, and as many again of those that wait. */
const MAX_TICKETS = 100;

/** The queues' tickets as they are now, with times of day. Costs as much as is shown, however many wait. */
export function lanesOf(actors: Iterable<LiveActor>, clock: WallClock): readonly LaneView[] {
  const lanes: LaneView[] = [];
  for (const { ref, snapshot } of actors) {
    if (snapshot === undefined || !hasLane(snapshot)) continue;
    const { lane } = snapshot;
    lanes.push({ ref, running: first(lane.started(), clock), waiting: first(lane.queued(), clock) });
  }
  return lanes;
}

const hasLane = (snapshot: object): snapshot is { readonly lane: Lane } => "lane" in snapshot;

function first(tickets: Iterable<Ticket>, clock: WallClock): readonly Ticket[] {
  const found: Ticket[] = [];
  for (const ticket of tickets) {
    if (found.length === MAX_TICKETS) break;
    found.push({ ...ticket, at: clock.at(ticket.at) });
  }
  return found;
}
