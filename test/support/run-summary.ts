import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const SHOWN = 20;

/** Prints, after all others, the tests that passed only at a second try, and the files whose tests took longest. */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by the default export of its file
export default class RunSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    this.#printUnstable(modules);
    if (modules.length > SHOWN) this.#printSlowest(modules);
  }

  #printUnstable(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue;
        console.log(
          `\nUnstable: ${relative(".", module.moduleId)} > ${test.fullName} passed at a second try`,
        );
        for (const { message } of test.result().errors ?? []) console.log(`  ${message.slice(0, 1000)}`);
      }
    }
  }

  #printSlowest(modules: readonly TestModule[]): void {
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
