import type { Fleet } from "./fleet.js";

/**
 * Share by which the active capacity may exceed the wanted one before workers become inactive: a load that varies by less
 * changes nothing.
 */
const ACTIVE_SLACK = 0.1;
/** The same before workers are destroyed, which takes longest to undo. */
const TOTAL_SLACK = 0.25;
/** A load below this share of one worker counts as none: a rolling average never reaches 0. */
const NEGLIGIBLE = 0.001;

/** Capacities in workload per second. */
export interface WantedCapacity {
  /** Below it, inactive workers are activated. */
  readonly active: number;
  /** Below it, workers are created to serve. At most twice the capacity for the load: a queue alone must not create many. */
  readonly recruited: number;
  /** Workers stop serving while the active capacity stays at least this. */
  readonly keptActive: number;
  /** Minimum number of active workers, whatever their capacity. */
  readonly leastActive: 0 | 1;
  /** Active and inactive: below it, workers are created. */
  readonly total: number;
  /** Workers are destroyed while the total stays at least this. */
  readonly keptTotal: number;
  readonly reason: string;
}

/** The rules of scaling that decide how much capacity is wanted; a plan decides which workers provide it. */
export function wantedCapacity(fleet: Fleet): WantedCapacity {
  const { min_load, min_cold_load, target_util, cold_mult, target_queue_time } = fleet.parameters;
  let capacity = 0;
  let queued = fleet.waiting;
  for (const worker of fleet.workers) {
    if (worker.condition !== "active") continue;
    capacity += worker.capacity;
    queued += worker.load;
  }
  const queueTime = queued === 0 ? 0 : queued / capacity;
  const load = countedLoad(fleet, queued);
  const forLoad = Math.max(min_load, load / target_util);
  // Capacity that works the queue off within target_queue_time.
  const forQueue = queued / target_queue_time;
  const isSurging = queueTime > target_queue_time;
  const active = isSurging ? forLoad + forQueue : forLoad;
  const recruited = Math.min(active, 2 * forLoad);
  const total = Math.max(forLoad * cold_mult, min_cold_load, recruited);
  return {
    active,
    recruited,
    keptActive: forLoad * (1 + ACTIVE_SLACK) + forQueue,
    leastActive: leastActive(fleet, queued),
    total,
    keptTotal: total * (1 + TOTAL_SLACK),
    reason: [
      load / target_util >= min_load
        ? `a load of ${rounded(load)} at a utilisation of ${target_util}`
        : `min_load of ${min_load}`,
      ...(isSurging ? [queueReason(capacity, queueTime, target_queue_time)] : []),
    ].join(", and "),
  };
}

/** Whether there was no request for `inactivity_timeout`. */
function isIdle({ parameters, idleSeconds }: Fleet, queued: number): boolean {
  const timeout = parameters.inactivity_timeout;
  if (timeout === undefined || timeout < 0 || queued > 0) return false;
  return idleSeconds === undefined || idleSeconds >= timeout;
}

function countedLoad(fleet: Fleet, queued: number): number {
  if (isIdle(fleet, queued) || fleet.load < fleet.expectedCapacity * NEGLIGIBLE) return 0;
  return fleet.load;
}

function leastActive(fleet: Fleet, queued: number): 0 | 1 {
  if (fleet.waiting > 0) return 1;
  return fleet.parameters.inactivity_timeout === undefined || isIdle(fleet, queued) ? 0 : 1;
}

function queueReason(capacity: number, queueTime: number, target: number): string {
  if (capacity === 0) return "waiting requests and no active worker";
  return `a queue of ${rounded(queueTime)} s, over target_queue_time of ${target} s`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
