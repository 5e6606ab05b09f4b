import { onTestFinished } from "vitest";
import { WorkerFixture, type WorkerFixtureOptions } from "./worker-fixture.js";

/** A stand for one test: it ends with it, after everything that the test has started later. */
export async function startedFixture(options: WorkerFixtureOptions = {}): Promise<WorkerFixture> {
  const fixture = await WorkerFixture.start(options);
  onTestFinished(() => fixture.stop());
  return fixture;
}
