import type { Identity } from "../../shared/process-identity.js";
import { signal } from "./worker-process.js";

/** Processes that end with this one, however it ends: only a kill that it cannot see leaves them behind. */
export class RunningProcesses {
  /** By number. */
  readonly #identities = new Map<number, Identity>();
  readonly #killAll = (): void => {
    for (const identity of this.#identities.values()) signal(identity, "SIGKILL");
  };

  add(identity: Identity): void {
    if (this.#identities.size === 0) process.on("exit", this.#killAll);
    this.#identities.set(identity.pid, identity);
  }

  delete({ pid }: Identity): void {
    this.#identities.delete(pid);
    if (this.#identities.size === 0) process.removeListener("exit", this.#killAll);
  }
}
