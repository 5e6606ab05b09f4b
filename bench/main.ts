/** Runs benchmarks by name: `npm run bench -- proxy`. Without a name it lists them. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { proxyBenchmark } from "./proxy/benchmark.js";

const RESULTS = fileURLToPath(new URL("./results/proxy.md", import.meta.url));

const program = new Command("bench").description(
  "Benchmarks of tsworker. Each writes a page to bench/results/.",
);

program
  .command("proxy")
  .description("signed small JSON requests through the worker, next to nginx and a bare node:http proxy")
  .option("--seconds <n>", "length of a run", "5")
  .option("--rounds <n>", "runs of each proxy; the median counts", "5")
  .option("--connections <n>", "connections at once", "32")
  .option("--core <n>", "the core that the proxy under test has for itself", "0")
  .option("--page <file>", "where the results go", RESULTS)
  .action((options: Record<"seconds" | "rounds" | "connections" | "core" | "page", string>) =>
    proxyBenchmark({
      seconds: Number(options.seconds),
      rounds: Number(options.rounds),
      connections: Number(options.connections),
      core: Number(options.core),
      page: options.page,
    }),
  );

await program.parseAsync();
