import { setImmediate } from "node:timers/promises";

/** Calls this and returns the reasons of the rejections that were not handled meanwhile: each would end the worker. */
export async function unhandledRejections(act: () => void): Promise<readonly unknown[]> {
  const reasons: unknown[] = [];
  const keep = (reason: unknown): void => void reasons.push(reason);
  process.on("unhandledRejection", keep);
  try {
    act();
    // They are reported after the microtasks.
    for (let turns = 0; turns < 3; turns++) await setImmediate();
  } finally {
    process.off("unhandledRejection", keep);
  }
  return reasons;
}
