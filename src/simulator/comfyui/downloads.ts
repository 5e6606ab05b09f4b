import { downloadLine } from "../download-line.js";
import type { LoadingStep } from "../simulated-model.js";
import { MODEL_FILES } from "./node-classes.js";

/** The lines of the script that downloads the model files. @param share of the loading time that it takes. */
export function downloads(share: number): readonly LoadingStep[] {
  return MODEL_FILES.map((file) => ({
    share: share / MODEL_FILES.length,
    write: (log) => log.line(downloadLine(`Downloading ${file}`)),
  }));
}
