/** Writes the lines of `TEST_LINES` with the worker's own log, as a process of its own: the log writes to stdout. */
import { createLog } from "../../../../src/shared/log.js";

const { token, lines } = JSON.parse(process.env.TEST_LINES ?? "{}") as {
  readonly token: string;
  readonly lines: readonly { readonly fields: object; readonly error?: string; readonly text: string }[];
};
const log = createLog("info", [token]);
for (const { fields, error, text } of lines) {
  log.info(error === undefined ? fields : { ...fields, err: new Error(error) }, text);
}
log.debug("below the level");
