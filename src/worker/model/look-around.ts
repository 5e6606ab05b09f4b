import { access } from "node:fs/promises";
import { fromPromise } from "xstate";
import type { Readiness } from "../../../machines/model.js";
import { placeOf, wordsOf } from "./probe-error.js";
import { connectionError } from "./reach-port.js";

/** Where to look for signs of a model that is waited for. */
export interface Surroundings {
  readonly readiness: Readiness;
  readonly logFile: string | undefined;
  /** Base URL of the model server. */
  readonly server: string | undefined;
}

/** What is missing of a model whose health URL is not asked, in words; undefined when nothing is. */
export function lookAround({ readiness, logFile, server }: Surroundings) {
  const url = server === undefined ? undefined : new URL(server);
  return fromPromise<string | undefined, { readonly isLoaded: boolean }>(async ({ input: { isLoaded } }) => {
    const seen: string[] = [];
    if (!isLoaded && readiness === "lifecycle") seen.push("lifecycle.start: still running");
    if (!isLoaded && readiness === "log" && logFile !== undefined) {
      const isThere = await access(logFile).then(
        () => true,
        () => false,
      );
      seen.push(`${logFile}: ${isThere ? "no line that says so yet" : "no such file"}`);
    }
    const error = url === undefined ? undefined : await connectionError(url);
    if (url !== undefined && error !== undefined) seen.push(`${placeOf(url)}: ${wordsOf(error)}`);
    return seen.length === 0 ? undefined : seen.join(", ");
  });
}
