import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const resolve = {
  alias: [
    { find: /^tsworker$/, replacement: source("./src/index.ts") },
    { find: /^tsworker\/(client|deployment|engine|gateway)$/, replacement: source("./src/$1/index.ts") },
    { find: /^tsworker\/machines$/, replacement: source("./machines/index.ts") },
  ],
};

const terms = {
  // Several times what the longest test takes: others may have most of the machine.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // In CI a test that failed beside many others runs once more. The summary names it when it passes then: it depends on how
  // busy the machine is, which is to be mended.
  retry: process.env.CI ? 1 : 0,
};

// A process and the modules that it has loaded serve many files: loading them takes longer than most tests.
const isolate = false;

/** Each has a process to itself: these replace modules that others have loaded, or look at all that a process has. */
const ALONE = [
  "test/unit/examples/log-patterns.test.ts",
  "test/unit/worker/request/envelope/envelope.test.ts",
  "test/unit/worker/request/socket-exchange-pressure.test.ts",
  "test/unit/worker/model/log-tail-race.test.ts",
  "test/unit/worker/metrics/loop-delay.test.ts",
  "test/unit/worker/model/client.test.ts",
  "test/unit/worker/worker.test.ts",
  "test/unit/worker/config/workload.test.ts",
];

/** Runs of many inputs or of much simulated time: `npm run test:long`. */
const LONG = [
  "test/unit/engine/scaling/simulation/simulation.test.ts",
  "test/unit/**/msgpack-bombs.test.ts",
  "test/unit/**/msgpack-fuzz.test.ts",
  "test/unit/**/envelope/fuzz.test.ts",
  "test/unit/**/docs.test.ts",
  "test/e2e/engine/killed-workers-long.test.ts",
  "test/e2e/gateway/killed-long.test.ts",
];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    globalSetup: "test/support/build.ts",
    // More than there are cores, because the longest tests wait for other people's clocks, not for the processor.
    maxWorkers: 4,
    reporters: ["default", "./test/support/run-summary.ts"],
    projects: [
      {
        resolve,
        test: {
          ...terms,
          name: "units",
          include: ["test/{unit,machines}/**/*.test.ts"],
          exclude: [...ALONE, ...LONG],
          isolate,
        },
      },
      { resolve, test: { ...terms, name: "long", include: LONG, isolate } },
      {
        resolve,
        test: {
          ...terms,
          name: "processes",
          include: ["test/{e2e,browser}/**/*.test.ts"],
          exclude: LONG,
          isolate,
        },
      },
      { resolve, test: { ...terms, name: "alone", include: ALONE } },
    ],
  },
});
