import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const SHOWN = 20;

/** Prints the files whose tests took longest, after all others. */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by the default export of its file
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= SHOWN) return;
    const slowest = modules
      .map((module) => ({
        path: relative(".", module.moduleId),
        seconds: module.diagnostic().duration / 1000,
      }))
      .toSorted((one, other) => other.seconds - one.seconds)
      .slice(0, SHOWN);
    console.log(`\nThe slowest files:`);
    for (const { path, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${path}`);
  }
}
