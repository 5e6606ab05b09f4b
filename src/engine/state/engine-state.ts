import { z } from "zod";
import { workerStatusSchema } from "../api/request-schemas.js";
import { deploymentRecordSchema } from "../deployments/deployment-record.js";
import { privateKeySchema } from "../engine-options.js";
import type { RecordedReport } from "../workers/ledger.js";
import { workergroupSchema } from "../workers/workergroup.js";
import { endpointRecordSchema } from "./endpoint-record.js";

const count = z.int().nonnegative();

/** Changes when earlier engines could not read the file. */
export const STATE_VERSION = 1;

/** A worker as it is stored. */
export const storedWorkerSchema = z.object({
  id: z.int(),
  endpointId: z.int(),
  groupId: z.int(),
  origin: z.enum(["announced", "running", "held"]),
  purpose: z.enum(["active", "inactive"]),
  memo: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Workload per second, 0 where it was never measured. */
  capacity: z.number().nonnegative(),
  lastReport: workerStatusSchema.extend({ receivedAt: z.number() }).optional(),
});

/** A worker of an earlier run of the engine. */
export interface StoredWorker extends Readonly<Omit<z.output<typeof storedWorkerSchema>, "lastReport">> {
  readonly lastReport?: RecordedReport | undefined;
}

/** The stored state of an engine. */
export const engineStateSchema = z.object({
  version: z.literal(STATE_VERSION),
  /** The process of the engine that writes the file. */
  heldBy: z.object({ pid: z.int(), startedAt: z.string() }).optional(),
  /** RSA, PEM. */
  privateKey: privateKeySchema,
  /** The generated `mtoken` of workers, if none was given. */
  token: z.string().optional(),
  lastRequestIdx: count,
  lastReqnum: count,
  /** Of endpoints and workergroups. */
  lastId: count,
  lastWorkerId: count,
  endpoints: z.array(endpointRecordSchema),
  groups: z.array(workergroupSchema),
  workers: z.array(storedWorkerSchema),
  deployments: z.array(deploymentRecordSchema).default([]),
});

export interface EngineState
  extends Readonly<Omit<z.output<typeof engineStateSchema>, "workers" | "heldBy">> {
  readonly workers: readonly StoredWorker[];
}
