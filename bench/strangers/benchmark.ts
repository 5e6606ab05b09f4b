import { writeFile } from "node:fs/promises";
import { withRig } from "../proxy/rig.js";
import { machine, printSection, sectionText } from "../section.js";
import { atOnce } from "./at-once.js";
import { blocks } from "./blocks.js";

export interface StrangersBenchmarkOptions {
  /** Length of each run with and without strangers. */
  readonly seconds: number;
  /** Few shapes, few strangers and short bodies: shows that the benchmark works. */
  readonly quick: boolean;
  /** Only shapes with this text in their name; empty for all. */
  readonly shape: string;
  readonly core: number;
  /** File that the results are written to. */
  readonly page: string;
}

/** Measures what clients without a signature can do to a worker: block its event loop, fill its memory, delay others. */
export async function strangersBenchmark(options: StrangersBenchmarkOptions): Promise<void> {
  await withRig(options.core, async (rig) => {
    const crowd = options.quick ? { strangers: 4, megabytes: 5 } : { strangers: 16, megabytes: 250 };
    const sections = [await atOnce(rig, { ...options, ...crowd }), await blocks(rig, options)];
    for (const section of sections) printSection(section);
    await writeFile(
      options.page,
      `# What strangers can do

Written by \`npm run bench -- strangers\`: clients without a valid signature send long bodies to a worker, on both servers. The worker has
one core for itself; the clients, the model and an engine at idle priority share another.

${await machine()}

${sections.map(sectionText).join("\n")}`,
    );
    console.log(`\nwritten to ${options.page}`);
  });
}
