import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { ServerChoice } from "../config/environment.js";
import type { Listen } from "./http-server.js";

const HOW_TO =
  "install the official package over the registry's (see the README, uWebSockets.js), or use Node.js 18 to 22 on glibc";

/**
 * Loads the chosen server.
 *
 * @throws TsworkerError `SERVER_UNAVAILABLE` when uWebSockets.js was chosen and has no binary for this machine.
 */
export async function chooseServer(choice: ServerChoice, log: Log): Promise<Listen> {
  if (choice !== "node") {
    try {
      return (await import("./uws/listen.js")).listenUws;
    } catch (cause) {
      const fault = `uWebSockets.js has no binary for Node.js ${process.version} on ${process.platform} ${process.arch}`;
      if (choice === "uws") {
        throw new TsworkerError("SERVER_UNAVAILABLE", `${fault}: ${HOW_TO}, or set HTTP_SERVER=node`, {
          cause,
        });
      }
      log.warn(
        { server: "node" },
        `${fault}: serving with node:http, which costs nearly twice the CPU time for each request; ${HOW_TO}`,
      );
    }
  }
  return (await import("./node/listen.js")).listenNode;
}
