import type { Command } from "commander";
import type { Arrivals } from "../../load/load-options.js";
import type { Profile } from "../../load/schedule.js";

/** How many requests are sent, and when. */
export interface ArrivalFlags {
  readonly requests?: number;
  readonly rps?: number;
  readonly duration?: number;
  readonly concurrency?: number;
  readonly profile: Profile;
  readonly maxInFlight: number;
}

/** What the flags add up to; ends the command with an error where they contradict each other. */
export function arrivalsOf(flags: ArrivalFlags, command: Command): Arrivals {
  const { requests, rps, duration, concurrency, profile, maxInFlight } = flags;
  if (concurrency !== undefined) {
    if (rps !== undefined || profile !== "steady") {
      command.error(
        "error: with --concurrency each request follows another one: -rps and --profile have no meaning",
      );
    }
    if (requests === undefined && duration === undefined) {
      command.error("error: it would never end: give -n <requests> or --duration <seconds>");
    }
    return {
      kind: "closed",
      concurrency,
      count: requests ?? Number.POSITIVE_INFINITY,
      seconds: duration ?? Number.POSITIVE_INFINITY,
    };
  }
  const rate = rps ?? (requests !== undefined && duration !== undefined ? requests / duration : undefined);
  if (rate === undefined) {
    command.error(
      "error: give a rate with -rps <rate>, or -n with --duration, or a number with --concurrency",
    );
  }
  const inTime = duration === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(rate * duration));
  const count = Math.min(requests ?? Number.POSITIVE_INFINITY, inTime);
  if (!Number.isFinite(count)) {
    command.error("error: it would never end: give -n <requests> or --duration <seconds>");
  }
  return { kind: "open", profile, count, rps: rate, maxInFlight };
}
