import { onTestFinished } from "vitest";
import { HttpStand, type HttpStandOptions } from "./http-stand.js";

/** A stand for one test: it ends with it, after everything that the test has started later. */
export async function startedStand(options: HttpStandOptions = {}): Promise<HttpStand> {
  const stand = await HttpStand.start(options);
  onTestFinished(() => stand.stop());
  return stand;
}
