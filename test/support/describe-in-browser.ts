import { existsSync } from "node:fs";
import { describe } from "vitest";
import { CHROMIUM } from "./launch-browser.js";

/** `TEST_BROWSER=required`: a browser that is missing is a failure. */
const isWanted = existsSync(CHROMIUM) || process.env.TEST_BROWSER === "required";

/** Milliseconds of a test: several browsers may share two slow cores. */
const TIMEOUT_MS = 360_000;

/** Tests that need a browser. Where there is none they are skipped, with a notice. */
export function describeInBrowser(title: string, suite: () => void): void {
  if (isWanted) describe(title, { timeout: TIMEOUT_MS }, suite);
  else {
    console.warn(`SKIPPED: ${title}: there is no browser at ${CHROMIUM}`);
    describe.skip(title, suite);
  }
}
