import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchmarkConfig } from "tsworker";
import { integerVariable, textVariable, warn } from "../checks/variables.js";
import { readWorkflow, workflowPayload } from "../comfy/workflow.js";

/** A workflow that the image brings. */
const OF_THE_IMAGE = "/opt/comfyui-api-wrapper/workflows/pyworker_benchmark.json";

/** The pictures of the benchmark without a workflow: many kinds, since none costs more than another. */
export const PROMPTS = [
  "a lighthouse on a basalt cliff in a winter storm, long exposure",
  "an open greenhouse full of ferns, morning light through wet glass",
  "a street market at night in the rain, paper lanterns, reflections",
  "a paper boat on a puddle, autumn leaves, macro photograph",
  "an old tram climbing a hill between pastel houses, watercolour",
  "a fox asleep under snow-laden firs, soft blue shadows",
  "a clockmaker's bench seen from above, brass gears, warm lamp",
  "terraced rice fields at sunrise, mist in the valleys, aerial view",
  "a red bicycle against a whitewashed wall, hard noon shadows",
  "a whale swimming through clouds above a sleeping town, ink drawing",
  "a bowl of plums on a linen cloth, oil painting, dark background",
] as const;

/**
 * The payloads that measure a GPU: a workflow from the first of three files that is usable, or pictures.
 *
 * @param ownFile the first of them, beside the worker.
 */
export function benchmarkPayloads(
  ownFile = fileURLToPath(new URL("misc/benchmark.json", import.meta.url)),
): Pick<BenchmarkConfig, "dataset" | "generator"> {
  const named = textVariable("BENCHMARK_JSON_PATH");
  for (const [name, file] of [
    ["misc/benchmark.json", ownFile],
    ["BENCHMARK_JSON_PATH", named],
    ["the image's benchmark", OF_THE_IMAGE],
  ] as const) {
    // One that is named must be there; the others may.
    if (file === undefined || (file !== named && !existsSync(file))) continue;
    try {
      return { generator: workflowPayload(readWorkflow(file)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      warn(name, `${file} is not usable: ${reason}; the next benchmark is used`);
    }
  }
  return { dataset: pictures() };
}

function pictures(): NonNullable<BenchmarkConfig["dataset"]> {
  const width = integerVariable("BENCHMARK_TEST_WIDTH", { fallback: 512, least: 16, most: 16_384 });
  const height = integerVariable("BENCHMARK_TEST_HEIGHT", { fallback: 512, least: 16, most: 16_384 });
  const steps = integerVariable("BENCHMARK_TEST_STEPS", { fallback: 20, least: 1, most: 10_000 });
  return PROMPTS.map((prompt) => ({
    input: {
      modifier: "Text2Image",
      // Equal workflows are not executed twice.
      modifications: { prompt, width, height, steps, seed: "__RANDOM_INT__" },
    },
  }));
}
