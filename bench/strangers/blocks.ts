import type { Rig } from "../proxy/rig.js";
import type { Section } from "../section.js";
import { SHAPES, type Shape } from "./shapes.js";
import { SERVERS, type Server, WorkerUnderTest } from "./worker-under-test.js";

export interface BlocksOptions {
  readonly quick: boolean;
  /** Only shapes with this text in their name; empty for all. */
  readonly shape: string;
  readonly core: number;
}

/** How long one unsigned request blocks the event loop of a worker, by the shape of its body. */
export async function blocks(rig: Rig, { quick, shape: text, core }: BlocksOptions): Promise<Section> {
  const rows: (readonly string[])[] = [];
  for (const shape of SHAPES) {
    if ((quick && !shape.isQuick) || !shape.name.includes(text)) continue;
    const bytes = shape.pieces().reduce((sum, piece) => sum + piece.length, 0);
    const cells: string[] = [];
    for (const server of SERVERS) cells.push(...(await block(shape, server, rig, core)));
    rows.push([shape.name, (bytes / 1e6).toFixed(1), ...cells]);
    console.log(`${shape.name}: ${cells.join(" | ")}`);
  }
  const columns = (server: Server): readonly string[] => [
    `${server}: answer`,
    "longest block ms",
    "RSS peak MB",
  ];
  return {
    title: "One request, by the shape of its body",
    text: `One unsigned request to a new worker each. A block is the time by which a timer came late, but at most the CPU time that the process
used meanwhile.`,
    head: ["body", "MB", ...SERVERS.flatMap(columns)],
    rows,
  };
}

async function block(shape: Shape, server: Server, rig: Rig, core: number): Promise<readonly string[]> {
  const worker = await WorkerUnderTest.start(server, rig, core);
  try {
    const answer = await worker.send(shape);
    return [answer, (await worker.longestBlock()).toFixed(0), (await worker.peakMb()).toFixed(0)];
  } finally {
    await worker.stop();
  }
}
