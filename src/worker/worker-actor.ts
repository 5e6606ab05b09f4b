import { type AnyActorLogic, createActor, fromCallback, fromPromise } from "xstate";
import { keyMachine } from "../../machines/key.js";
import { modelMachine } from "../../machines/model.js";
import { queueLogic } from "../../machines/queue.js";
import { reporterMachine } from "../../machines/reporter.js";
import { sessionMachine } from "../../machines/session.js";
import { sessionsLogic } from "../../machines/sessions.js";
import { type WorkerActor, workerMachine } from "../../machines/worker.js";
import type { ActorKind } from "../inspector/recorder/frames.js";
import { announcedToken } from "../shared/announcement.js";
import type { Log } from "../shared/log.js";
import { fetchPublicKey } from "./auth/public-key.js";
import type { CheckedConfig } from "./config/config-schema.js";
import { type Environment, isSecured } from "./config/environment.js";
import type { Observation } from "./config/model-settings.js";
import type { ModelServer } from "./model/client.js";
import { KeptBenchmark, measuredBy } from "./model/kept-benchmark.js";
import { awaitListening, awaitSuccess, describeMissing } from "./model/loading.js";
import type { ModelActivity } from "./model/model-activity.js";
import { probeHealth, reachPort } from "./model/probe.js";
import { runBenchmark } from "./model/run-benchmark.js";
import { sendPayload } from "./model/send-payload.js";
import { watchLog } from "./model/watch-log.js";
import { deliverReports, type ReportCounts } from "./report/deliver.js";
import type { Ledger } from "./report/ledger.js";
import type { ReportClient } from "./report/report-client.js";
import { type HandlerRoute, successCount } from "./request/admission.js";
import type { Edge } from "./request/edge.js";
import { callOnClose } from "./session/call-on-close.js";

/** The parts of a worker that its actors use. */
export interface WorkerParts {
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly config: CheckedConfig;
  readonly environment: Environment;
  readonly observation: Observation;
  readonly log: Log;
  /** Removes secrets from text. */
  readonly scrub: (text: string) => string;
  readonly activity: ModelActivity;
  /** Undefined if every handler has a `remoteFunction`. */
  readonly modelServer: ModelServer | undefined;
  readonly routes: readonly HandlerRoute[];
  readonly ledger: Ledger;
  readonly edge: Edge;
  readonly counts: ReportCounts;
  readonly reports: ReportClient;
  /** Lets the inspector record an actor. */
  readonly recorded: <Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic) => Logic;
  /** Waits until the public connections are closed. */
  readonly linger: (signal: AbortSignal) => Promise<void>;
}

/** The worker's machine with its I/O, not started yet. */
export function workerActor(parts: WorkerParts): WorkerActor {
  const { config, environment, observation, edge, log, modelServer, recorded } = parts;
  const key = keyMachine.provide({
    actors: { fetchKey: fromPromise(({ signal }) => fetchPublicKey(environment.reportAddresses, signal)) },
  });
  const session = sessionMachine.provide({ actors: { callOnClose: callOnClose(log, modelServer) } });
  const worker = workerMachine.provide({
    actors: {
      edge: recorded("edge", edge.logic),
      queue: recorded("queue", queueLogic),
      sessions: recorded("sessions", sessionsLogic(recorded("session", session))),
      key: recorded("key", key),
      model: recorded("model", modelLogic(parts)),
      reporter: recorded("reporter", reporterLogic(parts)),
      linger: fromPromise(({ signal }) => parts.linger(signal)),
      benchmark: benchmarkLogic(parts),
    },
  });
  return createActor(recorded("worker", worker), {
    id: "worker",
    input: {
      now: () => performance.now(),
      startedAt: parts.startedAt,
      secured: isSecured(environment),
      readiness: observation.readiness,
      hasLog: config.modelLogFile !== undefined,
      hasHealth: observation.health !== undefined,
      hasServer: modelServer !== undefined,
      healthIntervalMs: config.healthcheck.intervalMs,
      failureThreshold: config.healthcheck.failureThreshold,
      hasLifecycle: config.lifecycle?.start !== undefined,
      startTimeoutMs: config.startTimeout * 1000,
      awaited: observation.awaited,
      queues: [
        ...new Map(
          config.handlers.map(({ queue, limit, queueOrder: order }) => [
            queue,
            { name: queue, limit, order },
          ]),
        ).values(),
      ],
      reportAddresses: environment.reportAddresses,
      drainTimeoutMs: config.drainTimeout * 1000,
    },
  });
}

function modelLogic({ config, observation, log, activity, routes }: WorkerParts) {
  const { health, healthHeaders, readiness } = observation;
  const { modelLogFile, modelServer, lifecycle, healthcheck } = config;
  const forwarded = routes.filter(({ model }) => model !== undefined).map(({ metrics }) => metrics);
  return modelMachine.provide({
    actors: {
      ...(modelLogFile !== undefined && {
        tailLog: watchLog({
          file: modelLogFile,
          patterns: config.logActionConfig,
          log,
          isRequired: readiness === "log",
        }),
      }),
      watchConnections: fromCallback(({ sendBack }) =>
        activity.onConnectionLost(() => sendBack({ type: "connection.lost" })),
      ),
      ...(health !== undefined
        ? {
            probe: probeHealth({
              url: health,
              headers: healthHeaders,
              timeoutMs: healthcheck.timeoutMs,
              activity,
            }),
          }
        : modelServer !== undefined && { probe: reachPort(modelServer, activity) }),
      awaitSuccess: awaitSuccess(() => successCount(forwarded)),
      lookAround: describeMissing({ readiness, logFile: modelLogFile, server: modelServer }),
      startLifecycle: fromPromise(async ({ signal }) => {
        await lifecycle?.start?.(signal);
      }),
    },
  });
}

function reporterLogic({ environment, ledger, reports, log, counts, scrub }: WorkerParts) {
  return reporterMachine.provide({
    actors: {
      deliver: deliverReports({
        ledger,
        client: reports,
        log,
        counts,
        scrub,
        announcedToken: () => announcedToken(environment.reportAddresses),
        ...environment,
      }),
    },
  });
}

function benchmarkLogic({ config, environment, routes, log, scrub }: WorkerParts) {
  const { benchmark, modelServer } = config;
  const model = routes.find(({ handler }) => handler === benchmark.handler)?.model;
  const timeoutMs = config.startTimeout * 1000;
  return runBenchmark({
    benchmark,
    send: (payload, signal) => sendPayload({ handler: benchmark.handler, model, scrub }, payload, signal),
    awaitModel: async (signal) => {
      if (model === undefined || modelServer === undefined) return;
      await awaitListening(modelServer, timeoutMs, log, signal);
    },
    timeoutMs,
    kept: new KeptBenchmark(environment.benchmarkFile, measuredBy(config), log),
    log,
  });
}
