import { TsworkerError } from "../../shared/errors.js";
import { isDefined } from "../../worker/worker-registry.js";
import { exampleNames, workerFile } from "../command/worker-file.js";
import { loadProgram } from "./load-program.js";
import { neverRun } from "./never-run.js";
import { programFailure } from "./program-failure.js";
import { makeStandalone } from "./standalone.js";

const STANDALONE = "--standalone";

interface RunOptions {
  readonly standalone: boolean;
}

/** Runs `tsworker run`. */
export async function run(worker: string, parameters: readonly string[], options: RunOptions): Promise<void> {
  const file = workerFile(worker);
  // An example takes no arguments: there it is the option of this command. Those of another program are its own.
  const isOfExample = exampleNames().includes(worker) && parameters.includes(STANDALONE);
  const given = isOfExample ? parameters.filter((each) => each !== STANDALONE) : parameters;
  if (options.standalone || isOfExample) makeStandalone(worker, process.env);
  const fail = (error: unknown): void => {
    console.error(failureText(error, worker, file));
    process.exit(1);
  };
  process.on("uncaughtException", (error) => {
    // A program that handles such errors itself decides what they mean.
    if (process.listenerCount("uncaughtException") === 1) fail(error);
  });
  try {
    const exports = await loadProgram({ file, given, folder: new URL("./", import.meta.url) });
    await runDefined(exports.default);
    process.once("beforeExit", (code) => {
      const reason = code === 0 ? neverRun(file, exports) : undefined;
      if (reason !== undefined) fail(new TsworkerError("WORKER_FAILED", reason));
    });
  } catch (error) {
    fail(error);
  }
}

/** Runs the worker that a program exports, unless the program has started it itself. */
async function runDefined(exported: unknown): Promise<void> {
  const isObject = typeof exported === "object" && exported !== null;
  // A program that was compiled to CommonJS has its default export one level deeper.
  const worker = [exported, isObject ? Reflect.get(exported, "default") : undefined].find(isDefined);
  if (worker?.state === "created") await worker.run();
}

/** Formats the failure of a program. Errors of this package need no place: the message names the option to change. */
function failureText(error: unknown, worker: string, file: string): string {
  // By its name: the program may have a copy of this package of its own.
  if (!(error instanceof Error) || error.name !== TsworkerError.name) return programFailure(error, file);
  const isLocal = process.env.WORKER_PORT === undefined && process.env.CONTAINER_ID === undefined;
  const isAdvised = isLocal && "code" in error && error.code === "ENVIRONMENT_INVALID";
  const advice = `\non an instance the platform sets them; to try it here: npx tsworker dev ${worker}`;
  return `error: ${error.message}${isAdvised ? advice : ""}`;
}
