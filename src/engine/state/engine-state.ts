import { z } from "zod";
import { workerStatusSchema } from "../api/request-schemas.js";
import { privateKeySchema } from "../checked-options.js";
import type { RecordedReport } from "../workers/ledger.js";
import { workergroupSchema } from "../workers/workergroup.js";
import { endpointRecordSchema } from "./endpoint-record.js";

const count = z.int().nonnegative();

/** Of what is written: it changes when engines of before could not read it. */
export const STATE_VERSION = 1;

/** A worker as it is remembered. */
export const rememberedWorkerSchema = z.object({
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

/** A worker that an earlier run of the engine knew. */
export interface RememberedWorker
  extends Readonly<Omit<z.output<typeof rememberedWorkerSchema>, "lastReport">> {
  readonly lastReport?: RecordedReport | undefined;
}

/** What of an engine outlives it. */
export const engineStateSchema = z.object({
  version: z.literal(STATE_VERSION),
  /** The process of the engine that goes on writing it. */
  heldBy: z.object({ pid: z.int(), startedAt: z.string() }).optional(),
  /** RSA, PEM. */
  privateKey: privateKeySchema,
  /** The `mtoken` of workers, where nobody chose one. */
  token: z.string().optional(),
  lastRequestIdx: count,
  lastReqnum: count,
  /** Of endpoints and workergroups. */
  lastId: count,
  lastWorkerId: count,
  endpoints: z.array(endpointRecordSchema),
  groups: z.array(workergroupSchema),
  workers: z.array(rememberedWorkerSchema),
});

export interface EngineState
  extends Readonly<Omit<z.output<typeof engineStateSchema>, "workers" | "heldBy">> {
  readonly workers: readonly RememberedWorker[];
}
