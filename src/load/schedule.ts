/** How the rate of arrivals goes up and down. */
export type Profile = "steady" | "sine" | "burst";

export const PROFILES = ["steady", "sine", "burst"] as const satisfies readonly Profile[];

/** When requests arrive, whatever becomes of them. */
export interface Schedule {
  /** Number of arrivals. */
  readonly count: number;
  /** How long it takes, counted until the arrival that would come after the last one. */
  readonly seconds: number;
  /** Seconds after the start at which an arrival is due; the first one has the index 0. */
  at(index: number): number;
}

/** How far the rate of a sine goes from its mean, as a share of it: it never stands still altogether. */
const SINE_SWING = 0.9;
/** The part of a period that a burst takes, in the middle of it, and the share of arrivals that fall into it. */
const BURST_PART = 0.1;
const BURST_SHARE = 0.5;

/** About how long a period is, in seconds: a run has a whole number of periods, at least one. */
const PERIOD_SECONDS: Readonly<Record<Profile, number>> = {
  steady: Number.POSITIVE_INFINITY,
  sine: 60,
  burst: 10,
};

/** For each profile: the part of a period that has gone by when a share of the period's arrivals has come. */
const PARTS: Readonly<Record<Profile, (share: number) => number>> = {
  steady: (share) => share,
  sine: sinePart,
  burst: burstPart,
};

/**
 * The arrivals of a run: `count` of them, at `rps` a second on average over the whole run.
 *
 * - `steady`: always at that rate.
 * - `sine`: from a tenth of it up to 1.9 times as much and back, in about a minute.
 * - `burst`: every ten seconds or so, half of the arrivals come in a tenth of the time, at five times the rate.
 */
export function scheduleOf(profile: Profile, count: number, rps: number): Schedule {
  const seconds = count / rps;
  const periods = Math.max(1, Math.round(seconds / PERIOD_SECONDS[profile]));
  return {
    count,
    seconds,
    at: (index) => {
      const passed = (index * periods) / count;
      const whole = Math.floor(passed);
      return ((whole + PARTS[profile](passed - whole)) * seconds) / periods;
    },
  };
}

/** The rate over a period is `1 - SINE_SWING · cos 2πp`; its integral has no inverse in closed form. */
function sinePart(share: number): number {
  let low = 0;
  let high = 1;
  // Each step halves the error: 40 leave less than a microsecond of a week.
  for (let step = 0; step < 40; step += 1) {
    const part = (low + high) / 2;
    if (part - (SINE_SWING * Math.sin(2 * Math.PI * part)) / (2 * Math.PI) < share) low = part;
    else high = part;
  }
  return (low + high) / 2;
}

function burstPart(share: number): number {
  const quietShare = (1 - BURST_SHARE) / 2;
  const quietPart = (1 - BURST_PART) / 2;
  if (share < quietShare) return (share / quietShare) * quietPart;
  if (share < quietShare + BURST_SHARE) return quietPart + ((share - quietShare) / BURST_SHARE) * BURST_PART;
  return quietPart + BURST_PART + ((share - quietShare - BURST_SHARE) / quietShare) * quietPart;
}
