import { execFileSync } from "node:child_process";
import { NODE } from "./worker-process.js";

/** Whether uWebSockets.js has a binary for the Node.js that workers run on. */
export const hasUws = ((): boolean => {
  try {
    execFileSync(NODE, ["--input-type=module", "-e", 'await import("uWebSockets.js")'], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** The end-to-end tests run on both servers: `TEST_HTTP_SERVER=node` makes the workers use `node:http`. */
export const servedByNode = process.env.TEST_HTTP_SERVER === "node" || !hasUws;
