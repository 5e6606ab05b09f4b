import type { SnapshotFrom } from "xstate";
import type { engineWorkerMachine } from "./worker.js";

/** States of a worker, named as on the wire. */
export type WireStatus =
  | "pending"
  | "creating"
  | "created"
  | "loading"
  | "model_loading"
  | "idle"
  | "stopping"
  | "stopped"
  | "starting"
  | "rebooting"
  | "error"
  | "destroying";

/** A worker's state as the wire names it. Nobody is shown one that is destroyed. */
export function wireStatus(snapshot: SnapshotFrom<typeof engineWorkerMachine>): WireStatus {
  const { value } = snapshot;
  if (typeof value === "object") {
    if ("running" in value) return value.running;
    return "starting" in value ? "starting" : "rebooting";
  }
  return value === "destroyed" ? "destroying" : value;
}
