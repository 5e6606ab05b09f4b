/** Shape of the rate of arrivals over time. */
export type Profile = "steady" | "sine" | "burst";

export const PROFILES = ["steady", "sine", "burst"] as const satisfies readonly Profile[];

/** Due times of requests. */
export interface Schedule {
  /** Number of arrivals. */
  readonly count: number;
  /** Duration up to the due time of an arrival after the last one. */
  readonly seconds: number;
  /** Due time of an arrival, in seconds after the start. Indexes begin with 0. */
  at(index: number): number;
}

/** Amplitude of a sine as a share of the mean rate; below 1, so that arrivals never stop. */
const SINE_SWING = 0.9;
/** The share of a period that its burst takes, in the middle, and the share of arrivals in it. */
const BURST_PART = 0.1;
const BURST_SHARE = 0.5;

/** Approximate length of a period, in seconds: a run has a whole number of periods, at least one. */
const PERIOD_SECONDS: Readonly<Record<Profile, number>> = {
  steady: Number.POSITIVE_INFINITY,
  sine: 60,
  burst: 10,
};

/** For each profile: the elapsed part of a period as a function of the share of its arrivals. */
const PARTS: Readonly<Record<Profile, (share: number) => number>> = {
  steady: (share) => share,
  sine: sinePart,
  burst: burstPart,
};

/**
 * The arrivals of a run: `count` of them, at a mean rate of `rps` per second.
 *
 * - `steady`: at a constant rate.
 * - `sine`: between 0.1 and 1.9 times the mean rate, with a period of about a minute.
 * - `burst`: about every ten seconds, half of the arrivals come in a tenth of the time, at five times the mean rate.
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
