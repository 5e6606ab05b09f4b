import type { AnyActorLogic, SnapshotFrom } from "xstate";
import type { WorkerActor, workerMachine } from "../../machines/worker.js";
import type { ActorKind } from "../inspector/recorder/frames.js";
import type { Inspection, InspectOptions } from "../inspector/recorder/inspection.js";
import { pageFiles } from "../inspector/server/page-files.js";
import { announce } from "../shared/announcement.js";
import type { Log } from "../shared/log.js";
import { VERSION } from "../shared/package-root.js";
import { scrubber } from "../shared/scrubber.js";
import { droppedLines } from "../shared/standard-outputs.js";
import { ApiKeys } from "./auth/api-keys.js";
import { plainAccessOf } from "./auth/plain-access.js";
import { ReplayWindow } from "./auth/replay-window.js";
import { Verifier } from "./auth/verifier.js";
import { accessOf, checkAccess } from "./config/access-config.js";
import type { CheckedConfig } from "./config/config-schema.js";
import { type Environment, isSecured } from "./config/environment.js";
import { headersOf } from "./config/model-headers.js";
import { observationOf, secretsOf } from "./config/model-settings.js";
import { type PickerSettings, pickerSettingsOf } from "./config/picker-settings.js";
import { Metrics, type PickerMetrics } from "./metrics/metrics.js";
import type { LifecycleState, MetricsReading } from "./metrics/metrics-reading.js";
import { ModelMetrics } from "./metrics/model-figures.js";
import { operationOf } from "./metrics/model-operation.js";
import { RouteMetrics } from "./metrics/route-metrics.js";
import { ModelClient, ModelServer } from "./model/client.js";
import { ModelActivity } from "./model/model-activity.js";
import { newReportCounts, type ReportCounts } from "./report/deliver.js";
import { Ledger } from "./report/ledger.js";
import { ReportClient } from "./report/report-client.js";
import type { HandlerRoute } from "./request/admission.js";
import { combined } from "./request/combined-observers.js";
import { Edge } from "./request/edge.js";
import { endpointsOf } from "./routes/endpoints.js";
import { Pages } from "./routes/inspect-pages.js";
import { inspectRoutes } from "./routes/inspect-routes.js";
import { listenOnAll } from "./routes/listen.js";
import { textFromModel } from "./routes/open-endpoint.js";
import { awaitedBeforeEnd, errorAtEnd, stopLifecycle, whenStopped } from "./shutdown.js";
import { logWorker, stateOf } from "./state-log.js";
import { workerActor } from "./worker-actor.js";

/** A worker that listens. */
export interface RunningWorker {
  readonly log: Log;
  /** Refuses new requests, finishes admitted ones, and stops. */
  drain(): void;
  /** Stops at once; `lifecycle.stop` is called, but not awaited. */
  abort(): void;
  /** What it waits for while it stops; undefined before and after. */
  awaits(): string | undefined;
  /** Settles when the worker has stopped; rejects if it failed. */
  readonly stopped: Promise<void>;
}

/**
 * Assembles a worker and starts it.
 *
 * @param inspection undefined: without an inspector.
 * @param onState called with the worker's state on every transition, also if it is the same as before.
 * @throws TsworkerError `CONFIG_INVALID`, `PORT_UNAVAILABLE`, `CERTIFICATE_UNREADABLE`, `SERVER_UNAVAILABLE`.
 */
export async function startWorker(
  config: CheckedConfig,
  environment: Environment,
  log: Log,
  inspection: Inspection | undefined,
  onState: (state: LifecycleState) => void,
): Promise<RunningWorker> {
  const startedAt = performance.now();
  const observation = observationOf(config, environment);
  const pickerSettings = pickerSettingsOf(config, environment);
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
  const counts = newReportCounts();
  const inspector = inspection?.inspector;
  const recorded = <Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic): Logic =>
    inspector === undefined ? logic : inspector.recorder.recorded(kind, logic);

  const ledger: Ledger = new Ledger(
    environment.reportAddresses.length === 0
      ? undefined
      : {
          status: () => actor.send({ type: "ledger.changed", report: "status" }),
          ended: () => actor.send({ type: "ledger.changed", report: "ended" }),
        },
  );
  // Most workers do not need these modules.
  const tracing =
    environment.tracing.kind === "on"
      ? (await import("./tracing/tracing.js")).startTracing(environment.tracing.settings, log)
      : undefined;
  if (environment.tracing.kind === "invalid")
    log.warn(
      { errors: environment.tracing.errors },
      "no traces are sent: OpenTelemetry's variables have errors",
    );
  const edge = new Edge({
    ledger,
    log,
    verifier: isSecured(environment) ? new Verifier() : undefined,
    ownUrl: config.requireOwnUrl ? environment.publicUrl : undefined,
    replays: config.replayProtection ? new ReplayWindow() : undefined,
    maxBodyBytes: config.maxBodyBytes,
    maxUnverifiedBytes: config.maxUnverifiedBytes,
    streamHeaders: config.streamHeaders,
    maxSessions: config.maxSessions,
    observer: combined([inspector?.requests, tracing?.observer]),
    activity,
  });
  const access = accessOf(config.access, environment, config.host ?? environment.host);
  checkAccess(config, access);
  const keys = access.mode === "apiKey" ? new ApiKeys(access.keys, access.keysFile, log) : undefined;
  const reports = new ReportClient();
  const actor: WorkerActor = workerActor({
    startedAt,
    config,
    environment,
    observation,
    log,
    scrub: scrubber(secretsOf(config, environment)),
    activity,
    modelServer,
    routes,
    ledger,
    edge,
    counts,
    reports,
    recorded,
    linger: (signal) => servers.linger(signal),
  });

  const observed = {
    routes: routes.map((route) => route.metrics),
    keys: edge.keys,
    read: () => ({ ...readingOf(actor, ledger, edge, counts), spans: tracing?.counts() }),
  };
  const picker = pickerSettings && pickerMetricsOf(pickerSettings, log);
  const metrics = new Metrics({ ...observed, picker });
  const closeModel = (): void => {
    keys?.close();
    modelServer?.close();
    metrics.close();
  };
  const endpoints = await endpointsOf({
    edge,
    access: plainAccessOf(access, keys, config.cors),
    routes,
    openRoutes: config.openRoutes,
    maxUnverifiedBytes: config.maxUnverifiedBytes,
    modelServer,
    callbackRules: { modelServer: config.modelServer, hosts: config.sessionCallbackHosts },
    masterToken: environment.masterToken,
    forceUpdateFile: environment.forceUpdateFile,
    cors: config.cors,
    metrics,
    hasPicker: picker !== undefined,
    readiness: () => {
      const snapshot = actor.getSnapshot();
      return { state: stateOf(snapshot), waitsFor: snapshot.context.waitsFor };
    },
    log,
  });
  const pages = inspector && new Pages(inspector);
  const stately = inspection?.options.stately;
  // Most workers do not need these modules.
  const statelyRelay =
    stately === undefined ? undefined : (await import("../inspector/server/stately.js")).statelyRelay;
  const servers = await listenOnAll({
    ...environment,
    host: access.mode === "open" ? access.host : (config.host ?? environment.host),
    backlog: config.backlog ?? environment.backlog,
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
  logWorker(actor, log, observation.readiness === "none" ? undefined : observation.awaited);
  actor.subscribe({
    next: (snapshot: WorkerSnapshot) => {
      // The last reports are composed: they would not count requests that are refused from now on.
      if (snapshot.matches({ draining: "reporting" })) servers.closePublic();
      onState(stateOf(snapshot));
    },
    error: () => {},
  });
  const hurry = new AbortController();
  let isStopping = false;
  const ended = whenStopped(actor);
  const stopped = ended.finally(async () => {
    withdraw();
    // Inspector clients see the end.
    inspector?.close();
    relay?.close();
    pages?.close();
    servers.close();
    closeModel();
    reports.close();
    await tracing?.close(hurry.signal);
    isStopping = true;
    await stopLifecycle(config, log, hurry.signal, await errorAtEnd(ended, actor));
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

/** The inspector's page; empty if the package was not built. */
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
    const metrics = new RouteMetrics(handler.name, operationOf(handler));
    const isForwarded = handler.remoteFunction === undefined && server !== undefined;
    return {
      handler,
      modelServer: server,
      model: isForwarded ? new ModelClient(server, handler.timeouts, () => metrics.resent()) : undefined,
      metrics,
    };
  });
}

/** Milliseconds for an answer with the model server's metrics: an endpoint picker gives up after a second. */
const MODEL_METRICS_MS = 800;

function pickerMetricsOf({ modelMetrics: target }: PickerSettings, log: Log): PickerMetrics {
  if (target === undefined) return { model: undefined };
  return {
    model: new ModelMetrics({
      fetch: () => textFromModel(target, MODEL_METRICS_MS),
      onChange: (reason) => {
        const url = target.url;
        if (reason === undefined) log.info({ url }, "the model server's metrics are there again");
        else log.warn({ url, reason }, "the model server's metrics cannot be read");
      },
    }),
  };
}

type WorkerSnapshot = SnapshotFrom<typeof workerMachine>;

/** State of the worker at this moment. */
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
