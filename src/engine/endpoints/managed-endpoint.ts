import type { AuthData, EndedReport } from "../../shared/wire.js";
import type { WireStatus } from "../machines/worker-events.js";
import { Dispatcher, type NotRouted, type RouteRequest } from "../routing/dispatcher.js";
import { Waitlist } from "../routing/waitlist.js";
import type { FleetWorker } from "../scaling/fleet.js";
import { RollingLoad } from "../scaling/rolling-load.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import { AVERAGE_SECONDS, WorkerPool } from "../workers/worker-pool.js";
import { summaryOf, type WorkerView } from "../workers/worker-view.js";
import { EndpointLog, endedLine } from "./endpoint-log.js";
import type { EndpointDependencies } from "./endpoints.js";

/** Seconds of a monotonic clock. */
const now = (): number => performance.now() / 1000;

/** An endpoint with its workers, its waiting requests and its logs. */
export class ManagedEndpoint {
  readonly log = new EndpointLog();
  readonly workers: WorkerPool;
  readonly #dependencies: EndpointDependencies;
  readonly #waitlist = new Waitlist();
  readonly #load = new RollingLoad(AVERAGE_SECONDS, now());
  readonly #dispatcher: Dispatcher;
  #record: EndpointRecord;

  constructor(record: EndpointRecord, dependencies: EndpointDependencies) {
    this.#record = record;
    this.#dependencies = dependencies;
    this.workers = new WorkerPool({
      dependencies,
      log: this.log,
      endpoint: () => this.#record.name,
      endpointId: record.id,
      manage: () => this.#manage(),
    });
    this.workers.enter(record.state);
    this.#dispatcher = new Dispatcher({
      endpoint: () => this.#record.name,
      routing: this.workers.routing,
      waitlist: this.#waitlist,
      load: this.#load,
      numbers: dependencies.numbers,
      onRequested: dependencies.onRequested,
      terms: () => ({
        maxQueueTime: this.#record.parameters.max_queue_time,
        serves: (id) => this.#record.state !== "stopped" && this.workers.serves(id),
      }),
      summary: (at) => summaryOf(this.workers.view(at)),
      sign: dependencies.sign,
    });
  }

  get record(): EndpointRecord {
    return this.#record;
  }

  change(record: EndpointRecord): void {
    this.#record = record;
    this.workers.enter(record.state);
  }

  dispatch(question: RouteRequest): AuthData | NotRouted {
    const answer = this.#dispatcher.dispatch(question, now());
    const { request_idx } = answer;
    this.log.write(
      "trace",
      "url" in answer
        ? `request ${request_idx} to ${answer.url}`
        : `request ${request_idx} waits: ${answer.status}`,
    );
    return answer;
  }

  authDataFor(url: string, cost: number): AuthData {
    return this.#dispatcher.authDataFor(url, cost);
  }

  /** Requests that succeeded or were cancelled are not routed again. */
  takeEnded({ worker_id, requests }: EndedReport): void {
    for (const request of requests) {
      const { request_idx, status } = request;
      if (status === "Success" || status === "Cancelled") this.#waitlist.forget(request_idx);
      else this.#waitlist.leave(request_idx);
      if (this.workers.has(worker_id)) this.log.write("trace", endedLine(request));
    }
  }

  #manage(): void {
    const { provider, planner, onPlan } = this.#dependencies;
    if (provider === undefined || this.workers.groups.all.length === 0) return;
    const at = now();
    this.#waitlist.sweep(at);
    const workers = this.workers.plannedView(at);
    const expected = expectedCapacity(workers, this.#dependencies.expectedCapacity);
    const { lastAskedAt } = this.#dispatcher;
    const waiting = this.#waitlist.load(at);
    const isBusy = workers.some(({ load }) => load > 0) || waiting > 0;
    const plan = planner({
      parameters: this.#record.parameters,
      workers: fleetOf(workers, provider.price ?? 1, expected),
      load: this.#load.at(at),
      waiting,
      // Not idle while a request runs.
      idleSeconds: isBusy ? 0 : lastAskedAt === undefined ? undefined : at - lastAskedAt,
      expectedCapacity: expected,
    });
    if (this.workers.apply(plan)) onPlan(this.#record.name, plan);
  }
}

const CONDITIONS: Readonly<Record<WireStatus, FleetWorker["condition"] | undefined>> = {
  pending: "rising",
  creating: "rising",
  created: "rising",
  loading: "rising",
  model_loading: "rising",
  starting: "rising",
  rebooting: "rising",
  idle: "active",
  stopping: "inactive",
  stopped: "inactive",
  error: "failed",
  // Not part of the fleet any more.
  destroying: undefined,
};

/**
 * Capacity assumed of a worker that was not measured: the mean of those that were.
 */
export function expectedCapacity(workers: readonly WorkerView[], otherwise: number): number {
  const known = workers.map(({ capacity }) => capacity).filter((capacity) => capacity > 0);
  return known.length === 0 ? otherwise : known.reduce((sum, each) => sum + each, 0) / known.length;
}

/** The workers that the engine manages, as input of a plan. */
export function fleetOf(workers: readonly WorkerView[], price: number, otherwise: number): FleetWorker[] {
  return workers.flatMap(({ id, status, capacity, load, purpose, origin }) => {
    // A worker that is stopped to be started again will serve.
    const condition = status === "stopping" && purpose === "active" ? "rising" : CONDITIONS[status];
    if (condition === undefined || origin === "announced") return [];
    return { id, condition, capacity: capacity > 0 ? capacity : otherwise, load, price, risesTo: purpose };
  });
}
