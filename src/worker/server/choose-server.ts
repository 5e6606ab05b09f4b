import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { ServerChoice } from "../config/environment.js";
import type { Listen } from "./http-server.js";

const HOW_TO =
  "install the official package over the registry's (see the README, uWebSockets.js), or use Node.js 18 to 22 on glibc";

/** Connections that may wait to be accepted by uWebSockets.js, a constant of its source. */
const UWS_BACKLOG = 512;

/**
 * Loads the chosen server.
 *
 * @param backlog undefined: the server's own.
 * @throws TsworkerError `SERVER_UNAVAILABLE` when uWebSockets.js was chosen and has no binary for this machine, or has
 *   another backlog.
 */
export async function chooseServer(
  choice: ServerChoice,
  backlog: number | undefined,
  log: Log,
): Promise<Listen> {
  const hasBacklog = backlog === undefined || backlog === UWS_BACKLOG;
  if (choice === "uws" && !hasBacklog) {
    const fault = `uWebSockets.js has a backlog of ${UWS_BACKLOG}, got ${backlog}`;
    throw new TsworkerError("SERVER_UNAVAILABLE", `${fault}: leave backlog out, or set HTTP_SERVER=node`);
  }
  if (choice === "auto" && !hasBacklog) {
    const reason = `uWebSockets.js has a backlog of ${UWS_BACKLOG} only`;
    log.info({ server: "node", backlog }, `serving with node:http, because ${reason}`);
  } else if (choice !== "node") {
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
