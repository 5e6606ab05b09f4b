/** Logs and prints more than any output takes that is not read, then ends; writes the number of lost lines to a file. */
import { writeFileSync } from "node:fs";
import { createLog } from "../../../../src/shared/log.js";
import { boundConsoleOutput, droppedLines } from "../../../../src/shared/standard-outputs.js";

boundConsoleOutput();
const log = createLog("info", [""]);
for (let n = 0; n < 3000; n++) {
  log.info({ n }, "x".repeat(200));
  console.log("printed", "x".repeat(200));
}
process.on("exit", () => writeFileSync(process.env.TEST_LOST_FILE ?? "", String(droppedLines())));
