import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  resolve: {
    alias: [
      { find: /^tsworker$/, replacement: source("./src/index.ts") },
      { find: /^tsworker\/(client|engine)$/, replacement: source("./src/$1/index.ts") },
      { find: /^tsworker\/machines$/, replacement: source("./machines/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/build.ts",
    // Several times what the longest test takes: others may have most of the machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // More than there are cores, because the longest tests wait for other people's clocks, not for the processor.
    maxWorkers: 4,
  },
});
