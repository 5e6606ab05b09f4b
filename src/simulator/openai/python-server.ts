import type { LoadingStep } from "../simulated-model.js";

const SHARDS = 4;

/** Progress of reading the weights. @param share of the loading time. */
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

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  404: "NotFoundError",
  503: "ServiceUnavailableError",
};

/** An error of the servers written in Python. */
export function pythonRefusal(status: number, message: string) {
  const type = ERROR_TYPES[status] ?? (status < 500 ? "BadRequestError" : "InternalServerError");
  return { message, type, param: null, code: status };
}
