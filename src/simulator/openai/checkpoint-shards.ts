import type { LoadingStep } from "../simulated-model.js";

const SHARDS = 4;

/** The lines that tell how the weights are read. @param share of the loading time that it takes. */
export function checkpointShards(share: number): readonly LoadingStep[] {
  return Array.from({ length: SHARDS + 1 }, (_, number) => {
    const percent = String(Math.round((100 * number) / SHARDS)).padStart(3);
    return {
      share: number === 0 ? 0 : share / SHARDS,
      write: (log) =>
        log.line(`Loading safetensors checkpoint shards: ${percent}% Completed | ${number}/${SHARDS}`),
    };
  });
}
