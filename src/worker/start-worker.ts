import { type AnyActorLogic, createActor, fromCallback, fromPromise, type SnapshotFrom } from "xstate";
import { keyMachine } from "../../machines/key.js";
import { modelMachine } from "../../machines/model.js";
import { queueLogic } from "../../machines/queue.js";
import { reporterMachine } from "../../machines/reporter.js";
import { sessionMachine } from "../../machines/session.js";
import { sessionsLogic } from "../../machines/sessions.js";
import { type WorkerActor, workerMachine } from "../../machines/worker.js";
import type { ActorKind } from "../inspector/recorder/frames.js";
import type { Inspection, InspectOptions } from "../inspector/recorder/inspection.js";
import { pageFiles } from "../inspector/server/page-files.js";
import { announce, announcedToken } from "../shared/announcement.js";
import { TsworkerError } from "../shared/errors.js";
import type { Log } from "../shared/log.js";
import { VERSION } from "../shared/package-root.js";
import { scrubber } from "../shared/scrubber.js";
import { droppedLines } from "../shared/standard-outputs.js";
import { fetchPublicKey } from "./auth/fetch-public-key.js";
import { ReplayWindow } from "./auth/replay-window.js";
import { Verifier } from "./auth/verifier.js";
import type { CheckedConfig } from "./config/config.js";
import type { Environment } from "./config/environment.js";
import { headersOf } from "./config/model-headers.js";
import { secretsOf } from "./config/secrets-of.js";
import { awaitedBeforeEnd } from "./ending.js";
import { logWorker, stateOf } from "./log-worker.js";
import { Metrics } from "./metrics/metrics.js";
import type { MetricsReading } from "./metrics/metrics-reading.js";
import { RouteMetrics } from "./metrics/route-metrics.js";
import { awaitListening } from "./model/await-listening.js";
import { awaitSuccess } from "./model/await-success.js";
import { ModelClient } from "./model/client.js";
import { KeptBenchmark, measuredBy } from "./model/kept-benchmark.js";
import { lookAround } from "./model/look-around.js";
import { ModelActivity } from "./model/model-activity.js";
import { ModelServer } from "./model/model-server.js";
import { probeHealth } from "./model/probe-health.js";
import { reachPort } from "./model/reach-port.js";
import { runBenchmark } from "./model/run-benchmark.js";
import { sendPayload } from "./model/send-payload.js";
import { watchLog } from "./model/watch-log.js";
import { observationOf } from "./observation.js";
import { deliverReports } from "./report/deliver.js";
import { Ledger } from "./report/ledger.js";
import { ReportClient } from "./report/report-client.js";
import { newReportCounts, type ReportCounts } from "./report/report-counts.js";
import { type HandlerRoute, successCount } from "./request/admission.js";
import { Edge } from "./request/edge.js";
import { endpointsOf } from "./routes/endpoints.js";
import { Pages } from "./routes/inspect-pages.js";
import { inspectRoutes } from "./routes/inspect-routes.js";
import { listenOnAll } from "./routes/listen.js";
import { callOnClose } from "./session/call-on-close.js";
import { stopLifecycle } from "./stop-lifecycle.js";

/** A worker that listens. */
export interface RunningWorker {
  readonly log: Log;
  /** Refuses what comes, finishes what was admitted, and stops. */
  drain(): void;
  /** Stops at once; `lifecycle.stop` is called, but nobody waits for it. */
  abort(): void;
  /** What it waits for before it has stopped; undefined: it was not asked to stop, or has. */
  awaits(): string | undefined;
  /** Settles when the worker has stopped; rejects when it could not go on. */
  readonly stopped: Promise<void>;
}

/**
 * Puts a worker together and starts it.
 *
 * @param inspection undefined: nobody will look.
 * @throws TsworkerError `CONFIG_INVALID`, `PORT_UNAVAILABLE`, `CERTIFICATE_UNREADABLE`, `SERVER_UNAVAILABLE`.
 */
export async function startWorker(
  config: CheckedConfig,
  environment: Environment,
  log: Log,
  inspection: Inspection | undefined,
): Promise<RunningWorker> {
  const startedAt = performance.now();
  const { health, healthHeaders, readiness, awaited } = observationOf(config, environment);
  const running = (): number =>
    Object.values(actor.getSnapshot().context.queueRefs).reduce(
      (sum, ref) => sum + ref.getSnapshot().context.running,
      0,
    );
  const activity = new ModelActivity(running);
  const modelServer =
    config.modelServer === undefined
      ? undefined
      : new ModelServer(config.modelServer, {
          maxConnections: config.maxConnections,
          headers: headersOf(config, environment.modelApiKey),
          activity,
        });
  const routes = routesOf(config, modelServer);
  const forwarded = routes.filter(({ model }) => model !== undefined).map((route) => route.metrics);
  const { benchmark, lifecycle, modelLogFile, healthcheck } = config;
  const benchmarked = routes.find(({ handler }) => handler === benchmark.handler);
  const scrub = scrubber(secretsOf(config, environment));
  const counts = newReportCounts();
  const inspector = inspection?.inspector;
  const recorded = <Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic): Logic =>
    inspector === undefined ? logic : inspector.recorder.recorded(kind, logic);

  const ledger: Ledger = new Ledger({
    status: () => actor.send({ type: "ledger.changed", report: "status" }),
    ended: () => actor.send({ type: "ledger.changed", report: "ended" }),
  });
  const edge = new Edge({
    ledger,
    log,
    verifier: environment.unsecured ? undefined : new Verifier(),
    ownUrl: config.requireOwnUrl ? environment.publicUrl : undefined,
    replays: config.replayProtection ? new ReplayWindow() : undefined,
    maxBodyBytes: config.maxBodyBytes,
    maxUnverifiedBytes: config.maxUnverifiedBytes,
    streamHeaders: config.streamHeaders,
    maxSessions: config.maxSessions,
    observer: inspector?.requests,
    activity,
  });
  const key = keyMachine.provide({
    actors: { fetchKey: fromPromise(({ signal }) => fetchPublicKey(environment.reportAddresses, signal)) },
  });
  const model = modelMachine.provide({
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
        : config.modelServer !== undefined && { probe: reachPort(config.modelServer, activity) }),
      awaitSuccess: awaitSuccess(() => successCount(forwarded)),
      lookAround: lookAround({ readiness, logFile: modelLogFile, server: config.modelServer }),
      startLifecycle: fromPromise(async ({ signal }) => {
        await lifecycle?.start?.(signal);
      }),
    },
  });
  const reports = new ReportClient();
  const reporter = reporterMachine.provide({
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
  const session = sessionMachine.provide({ actors: { callOnClose: callOnClose(log, modelServer) } });
  const worker = workerMachine.provide({
    actors: {
      edge: recorded("edge", edge.logic),
      queue: recorded("queue", queueLogic),
      sessions: recorded("sessions", sessionsLogic(recorded("session", session))),
      key: recorded("key", key),
      model: recorded("model", model),
      reporter: recorded("reporter", reporter),
      linger: fromPromise(({ signal }) => servers.linger(signal)),
      benchmark: runBenchmark({
        benchmark,
        send: (payload, signal) =>
          sendPayload({ handler: benchmark.handler, model: benchmarked?.model, scrub }, payload, signal),
        awaitModel: async (signal) => {
          if (benchmarked?.model === undefined || config.modelServer === undefined) return;
          await awaitListening(config.modelServer, config.startTimeout * 1000, log, signal);
        },
        timeoutMs: config.startTimeout * 1000,
        kept: new KeptBenchmark(environment.benchmarkFile, measuredBy(config), log),
        log,
      }),
    },
  });
  const actor: WorkerActor = createActor(recorded("worker", worker), {
    id: "worker",
    input: {
      now: () => performance.now(),
      startedAt,
      secured: !environment.unsecured,
      readiness,
      hasLog: modelLogFile !== undefined,
      hasHealth: health !== undefined,
      hasServer: modelServer !== undefined,
      healthIntervalMs: healthcheck.intervalMs,
      failureThreshold: healthcheck.failureThreshold,
      hasLifecycle: lifecycle?.start !== undefined,
      startTimeoutMs: config.startTimeout * 1000,
      awaited,
      queues: [
        ...new Map(config.handlers.map(({ queue, limit }) => [queue, { name: queue, limit }])).values(),
      ],
      reportAddresses: environment.reportAddresses,
      drainTimeoutMs: config.drainTimeout * 1000,
    },
  });

  const observed = {
    routes: routes.map((route) => route.metrics),
    read: () => readingOf(actor, ledger, edge, counts),
  };
  const metrics = new Metrics(observed);
  const closeModel = (): void => {
    modelServer?.close();
    metrics.close();
  };
  const endpoints = await endpointsOf({
    edge,
    routes,
    openRoutes: config.openRoutes,
    modelServer,
    callbackRules: { modelServer: config.modelServer, hosts: config.sessionCallbackHosts },
    masterToken: environment.masterToken,
    forceUpdateFile: environment.forceUpdateFile,
    cors: config.cors,
    metrics,
    readiness: () => {
      const snapshot = actor.getSnapshot();
      return { state: stateOf(snapshot), waitsFor: snapshot.context.waitsFor };
    },
    log,
  });
  const pages = inspector && new Pages(inspector);
  const stately = inspection?.options.stately;
  // Most workers have no need of what it takes.
  const statelyRelay =
    stately === undefined ? undefined : (await import("../inspector/server/stately.js")).statelyRelay;
  const servers = await listenOnAll({
    ...environment,
    certificate: environment.useSsl
      ? { certificate: environment.certificateFile, key: environment.certificateKeyFile }
      : undefined,
    endpoints,
    inspect: inspection &&
      pages && {
        ...inspection.options,
        ...inspectRoutes({ pages, files: filesOfPage(log), token: inspection.options.token }),
      },
    log,
  }).catch((error: unknown) => {
    closeModel();
    throw error;
  });
  log.info(
    { version: VERSION, port: environment.port, httpPort: environment.httpPort, url: environment.publicUrl },
    "listening",
  );
  const inspectorUrl = inspection && `${addressOf(inspection.options)}/inspect`;
  if (inspectorUrl !== undefined) log.info({ url: inspectorUrl }, "inspector");
  const withdraw = announce({
    kind: "worker",
    url: addressOf({ host: environment.httpHost, port: environment.httpPort }),
    inspector: inspectorUrl,
    engines: environment.reportAddresses,
  });
  logWorker(actor, log, readiness === "none" ? undefined : awaited);
  actor.subscribe({
    next: (snapshot: WorkerSnapshot) => {
      // The last reports are composed: they would not tell of what is refused from now on.
      if (snapshot.matches({ draining: "reporting" })) servers.closePublic();
    },
    error: () => {},
  });
  const hurry = new AbortController();
  let isStopping = false;
  const stopped = whenStopped(actor).finally(async () => {
    withdraw();
    // Whoever looks is shown the end.
    inspector?.close();
    relay?.close();
    pages?.close();
    servers.close();
    closeModel();
    reports.close();
    isStopping = true;
    await stopLifecycle(config, log, hurry.signal);
    isStopping = false;
  });
  actor.start();
  inspector?.begin({ ...observed, worker: actor });
  const relay =
    inspector === undefined || stately === undefined
      ? undefined
      : statelyRelay?.({ url: stately, feed: inspector, log });
  return {
    log,
    drain: () => actor.send({ type: "worker.drain" }),
    abort: () => {
      hurry.abort();
      actor.send({ type: "worker.abort" });
    },
    awaits: () =>
      isStopping ? "waiting for lifecycle.stop, 10 s at most" : awaitedBeforeEnd(actor.getSnapshot()),
    stopped,
  };
}

/** Base URL of a server, as seen from this machine. */
function addressOf({ host, port }: Pick<InspectOptions, "host" | "port">): string {
  const isEverywhere = host === "0.0.0.0" || host === "::";
  return `http://${isEverywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The inspector's page; empty where the package was not built. */
function filesOfPage(log: Log): ReturnType<typeof pageFiles> {
  try {
    return pageFiles();
  } catch (error) {
    log.warn({ err: error }, "the inspector's page is not there: build the package");
    return [];
  }
}

function routesOf(config: CheckedConfig, server: ModelServer | undefined): readonly HandlerRoute[] {
  return config.handlers.map((handler) => {
    const metrics = new RouteMetrics(handler.route);
    const isForwarded = handler.remoteFunction === undefined && server !== undefined;
    return {
      handler,
      modelServer: server,
      model: isForwarded ? new ModelClient(server, handler.timeouts, () => metrics.resent()) : undefined,
      metrics,
    };
  });
}

type WorkerSnapshot = SnapshotFrom<typeof workerMachine>;

/** What the worker knows of itself at this moment. */
function readingOf(actor: WorkerActor, ledger: Ledger, edge: Edge, counts: ReportCounts): MetricsReading {
  const snapshot = actor.getSnapshot();
  const { queueRefs, maxPerf, replaced, dismissals } = snapshot.context;
  return {
    state: stateOf(snapshot),
    queues: Object.entries(queueRefs).map(([name, ref]) => {
      const { context, lane } = ref.getSnapshot();
      return { name, ...context, oldestAt: lane.oldestAt };
    }),
    openLoad: ledger.openLoad,
    loadAhead: ledger.loadAhead,
    capacity: maxPerf,
    sessions: edge.sessions.open,
    workload: ledger.totals,
    reports: [
      { kind: "status", ...counts.status },
      { kind: "ended", ...counts.ended },
    ],
    undelivered: ledger.undelivered,
    replacedActors: replaced,
    lostLogLines: droppedLines(),
    dismissedLines: dismissals,
  };
}

function whenStopped(actor: WorkerActor): Promise<void> {
  return new Promise((resolve, reject) => {
    actor.subscribe({
      complete: () => {
        const fault = actor.getSnapshot().output?.fault;
        if (fault?.of === "actor") reject(new TsworkerError("WORKER_FAILED", fault.message));
        else resolve();
      },
      error: (cause: unknown) => reject(new TsworkerError("WORKER_FAILED", "the worker failed", { cause })),
    });
  });
}
