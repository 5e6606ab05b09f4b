/** Runs benchmarks by name: `npm run bench -- proxy`. Without a name it lists them. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { actorsBenchmark } from "./actors/benchmark.js";
import { clientBenchmark } from "./client/benchmark.js";
import { gatewayBenchmark } from "./gateway/benchmark.js";
import { growthBenchmark } from "./growth/benchmark.js";
import { inspectBenchmark } from "./inspect/benchmark.js";
import { optionsBenchmark } from "./options/benchmark.js";
import { proxyBenchmark } from "./proxy/benchmark.js";
import type { BenchmarkOptions } from "./proxy/measure.js";
import { strangersBenchmark } from "./strangers/benchmark.js";

const pageOf = (name: string): string => fileURLToPath(new URL(`./results/${name}.md`, import.meta.url));

const program = new Command("bench").description(
  "Benchmarks of tsworker. Each writes a page to bench/results/.",
);

/** A benchmark under load: small signed requests over some connections, round by round. */
function addLoaded(
  name: string,
  description: string,
  run: (options: BenchmarkOptions) => Promise<void>,
): void {
  program
    .command(name)
    .description(description)
    .option("--seconds <n>", "length of a run", "5")
    .option("--rounds <n>", "runs of each; the median counts", "5")
    .option("--connections <n>", "connections at once", "32")
    .option("--core <n>", "the core that the process under test has for itself", "0")
    .option("--page <file>", "where the results go", pageOf(name))
    .action((options: Record<"seconds" | "rounds" | "connections" | "core" | "page", string>) =>
      run({
        seconds: Number(options.seconds),
        rounds: Number(options.rounds),
        connections: Number(options.connections),
        core: Number(options.core),
        page: options.page,
      }),
    );
}

program
  .command("proxy")
  .description(
    "signed requests through the worker, next to nginx, the floor of its libraries and a bare node:http proxy",
  )
  .option("--seconds <n>", "length of a run", "5")
  .option("--rounds <n>", "runs of each; the median counts", "5")
  .option(
    "--connections <n,n>",
    "connections at once: a table for each, the first one with all proxies",
    "32,1,256",
  )
  .option("--core <n>", "the core that the process under test has for itself", "0")
  .option("--only <parts>", "only these, by comma: c32, c1, c256, streams, bodies, profile", "")
  .option("--skip-profile", "without the run under the CPU profiler", false)
  .option("--page <file>", "where the results go", pageOf("proxy"))
  .action(
    (
      options: Record<"seconds" | "rounds" | "connections" | "core" | "only" | "page", string> & {
        skipProfile: boolean;
      },
    ) =>
      proxyBenchmark({
        seconds: Number(options.seconds),
        rounds: Number(options.rounds),
        connections: options.connections.split(",").map(Number),
        core: Number(options.core),
        only: options.only.split(",").filter((name) => name !== ""),
        skipProfile: options.skipProfile,
        page: options.page,
      }),
  );

addLoaded(
  "inspect",
  "what the inspector costs on the request path, without pages and with pages open",
  inspectBenchmark,
);

addLoaded("client", "the HTTP client that sends requests to the model, next to undici", clientBenchmark);

program
  .command("actors")
  .description("what a request costs in a queue that is a plain actor, and in one that is a state machine")
  .option("--requests <n>", "requests of a run", "200000")
  .option("--rounds <n>", "rounds; the median counts", "5")
  .option("--page <file>", "where the results go", pageOf("actors"))
  .action((options: Record<"requests" | "rounds" | "page", string>) =>
    actorsBenchmark({
      requests: Number(options.requests),
      rounds: Number(options.rounds),
      page: options.page,
    }),
  );

program
  .command("gateway")
  .description("event streams through a gateway and a worker: CPU time of each for an event")
  .option("--seconds <n>", "length of a run", "5")
  .option("--rounds <n>", "runs of each; the median counts", "5")
  .option("--core <n>", "the core that the process under test has for itself", "0")
  .option("--page <file>", "where the results go", pageOf("gateway"))
  .action((options: Record<"seconds" | "rounds" | "core" | "page", string>) =>
    gatewayBenchmark({
      seconds: Number(options.seconds),
      rounds: Number(options.rounds),
      core: Number(options.core),
      page: options.page,
    }),
  );

addLoaded("options", "what options of the worker cost on the request path, one at a time", optionsBenchmark);

program
  .command("growth")
  .description("the cost of an event while few or many sessions are open, and few or many requests wait")
  .option("--sizes <n,n>", "how many", "100,1000,10000")
  .option("--events <n>", "events measured at each size", "5000")
  .option("--rounds <n>", "rounds; the median counts", "3")
  .option("--core <n>", "the core that the worker has for itself", "0")
  .option("--page <file>", "where the results go", pageOf("growth"))
  .action((options: Record<"sizes" | "events" | "rounds" | "core" | "page", string>) =>
    growthBenchmark({
      sizes: options.sizes.split(",").map(Number),
      events: Number(options.events),
      rounds: Number(options.rounds),
      core: Number(options.core),
      page: options.page,
    }),
  );

program
  .command("strangers")
  .description(
    "what clients without a signature can do: block the event loop, fill memory, delay signed requests",
  )
  .option("--seconds <n>", "length of the runs with and without strangers", "10")
  .option("--quick", "few shapes and short bodies", false)
  .option("--shape <text>", "only bodies with this text in their name", "")
  .option("--core <n>", "the core that the worker has for itself", "0")
  .option("--page <file>", "where the results go", pageOf("strangers"))
  .action((options: Record<"seconds" | "shape" | "core" | "page", string> & { quick: boolean }) =>
    strangersBenchmark({
      seconds: Number(options.seconds),
      quick: options.quick,
      shape: options.shape,
      core: Number(options.core),
      page: options.page,
    }),
  );

await program.parseAsync();
