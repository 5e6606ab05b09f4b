import { fileURLToPath } from "node:url";
import { otherCore, outputOf } from "../process.js";
import type { Rig } from "../proxy/rig.js";
import type { Section } from "../section.js";
import { SERVERS, WorkerUnderTest } from "./worker-under-test.js";

export interface CrowdOptions {
  readonly strangers: number;
  /** What each of them sends. */
  readonly megabytes: number;
  readonly seconds: number;
  readonly core: number;
}

const SCRIPT = fileURLToPath(new URL("./stranger.js", import.meta.url));

/** Strangers who send long bodies at once: memory, and the latency of signed requests beside them. */
export async function atOnce(rig: Rig, options: CrowdOptions): Promise<Section> {
  const { strangers, megabytes, seconds } = options;
  const rows: (readonly string[])[] = [];
  for (const server of SERVERS) {
    const worker = await WorkerUnderTest.start(server, rig, options.core);
    try {
      await worker.latencies(Math.min(2, seconds));
      const without = p99(await worker.latencies(seconds));
      await worker.longestBlock();
      const args = [SCRIPT, worker.port, strangers, megabytes, seconds].map(String);
      const [beside, output] = await Promise.all([
        worker.latencies(seconds).then(p99),
        outputOf(otherCore(options.core), process.execPath, args, { idle: true }),
      ]);
      const answers = Object.entries(JSON.parse(output) as Record<string, number>);
      rows.push([
        server,
        (await worker.peakMb()).toFixed(0),
        without.toFixed(2),
        beside.toFixed(2),
        (beside / without).toFixed(2),
        (await worker.longestBlock()).toFixed(0),
        answers.map(([answer, count]) => `${count} × ${answer}`).join(", "),
      ]);
      console.log(`${strangers} strangers at once, ${server}: done`);
    } finally {
      await worker.stop();
    }
  }
  return {
    title: `${strangers} strangers at once`,
    text: `They send ${megabytes} MiB each at the same time, again and again for ${seconds} s, each time a second after the last time at the earliest. Beside
them a client sends small signed requests, one every 5 ms.`,
    head: [
      "server",
      "RSS peak MB",
      "p99 ms without",
      "p99 ms beside them",
      "ratio",
      "longest block ms",
      "answers to them",
    ],
    rows,
  };
}

function p99(latencies: readonly number[]): number {
  const sorted = [...latencies].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
