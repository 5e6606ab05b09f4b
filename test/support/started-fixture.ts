import { onTestFinished } from "vitest";
import { WorkerFixture, type WorkerFixtureOptions } from "./worker-fixture.js";

/** A fixture for one test: it stops at the end of the test, after everything that the test has started later. */
export async function startedFixture(options: WorkerFixtureOptions = {}): Promise<WorkerFixture> {
  const fixture = await WorkerFixture.start(options);
  onTestFinished(() => fixture.stop());
  return fixture;
}
