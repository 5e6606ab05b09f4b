import { type Actor, createActor } from "xstate";
import { brokenLine, type EndpointLog, planLine, reportLine } from "../endpoints/endpoint-log.js";
import type { EndpointDependencies } from "../endpoints/endpoints.js";
import type {
  Memo,
  Origin,
  Purpose,
  WireStatus,
  WorkerCall,
  WorkerEvent,
  WorkerFacts,
} from "../machines/worker-events.js";
import { answersHttp } from "../routing/reachability.js";
import { conditionOf, RoutingTable } from "../routing/routing-table.js";
import type { Plan } from "../scaling/fleet.js";
import { RollingLoad } from "../scaling/rolling-load.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import type { StoredWorker } from "../state/engine-state.js";
import type { RecordedReport } from "./ledger.js";
import { providedMachine, type WorkerOrder } from "./provider.js";
import { storedWorker, viewOf, type WorkerRecord, type WorkerView, wireWorker } from "./worker-view.js";
import { Workergroups } from "./workergroups.js";

interface WorkerPoolInput {
  readonly dependencies: EndpointDependencies;
  readonly log: EndpointLog;
  /** The endpoint's current name. */
  readonly endpoint: () => string;
  readonly endpointId: number;
  /** Makes a plan and applies it; called once a second while the endpoint is active. */
  readonly manage: () => void;
}

type NewWorker = Pick<WorkerFacts, "id" | "origin" | "purpose"> & {
  readonly groupId: number;
  readonly memo?: Memo | undefined;
  /** Workload per second, if it was measured before. */
  readonly capacity?: number;
};

/** Seconds that a rolling average of load looks back, roughly. */
export const AVERAGE_SECONDS = 10;
/** Group of the workers that announce themselves. It is never shown. */
const ANNOUNCED = 0;

const FIRST_STATUS: Readonly<Record<Origin, WireStatus>> = {
  announced: "loading",
  ordered: "pending",
  running: "starting",
  held: "stopped",
};

const never = new AbortController().signal;
/** Seconds of a monotonic clock. */
const now = (): number => performance.now() / 1000;
/** The time of day, for what is shown and kept. */
const epochSeconds = (): number => Date.now() / 1000;

/** The workers of an endpoint with their reports, and the workergroups that they belong to. */
export class WorkerPool {
  readonly routing: RoutingTable;
  readonly groups: Workergroups;
  readonly #input: WorkerPoolInput;
  readonly #dependencies: EndpointDependencies;
  readonly #actor: Actor<ReturnType<typeof providedMachine>>;
  readonly #workers = new Map<number, WorkerRecord>();
  #isClosed = false;
  #state: EndpointRecord["state"] | undefined;

  constructor(input: WorkerPoolInput) {
    const { provider, silentAfter, startTimeout } = input.dependencies;
    this.#input = input;
    this.#dependencies = input.dependencies;
    this.routing = new RoutingTable(silentAfter, answersHttp);
    this.groups = new Workergroups({
      log: input.log,
      now,
      onNotice: (notice) => this.#publish(notice),
      onAdded: (id) => this.#actor.send({ type: "workergroup.added", id }),
      onRemoved: (id) => this.#actor.send({ type: "workergroup.removed", id }),
      workers: {
        idsOf: (groupId) =>
          [...this.#workers.values()]
            .filter((worker) => worker.groupId === groupId && worker.facts.status !== "destroying")
            .map(({ facts }) => facts.id),
        facts: (id) => this.#workers.get(id)?.facts,
        isQuiet: (id) => this.#isQuiet(id),
        recruit: (groupId) => this.#recruit(groupId, "active"),
        destroy: (id) => this.#send(id, { type: "worker.destroy" }),
      },
    });
    const machine = providedMachine({
      provider,
      orderOf: (call) => this.#orderOf(call),
      manage: () => {
        if (this.#isClosed) return;
        this.groups.stepUpdates();
        input.manage();
      },
    });
    this.#actor = createActor(machine, {
      input: { timeouts: { silentMs: silentAfter * 1000, startMs: startTimeout * 1000 } },
    });
    this.#actor.on("worker.changed", ({ worker }) => this.#update(worker));
    this.#actor.on("worker.gone", ({ id }) => this.#forget(id));
    this.#actor.on("workergroup.broken", (broken) => this.#notify(brokenLine(broken), broken.id));
    this.#actor.subscribe({
      error: (error) => this.#notify(`its workers are not managed any more: ${error}`),
    });
    this.#actor.start();
    this.#actor.send({ type: "workergroup.added", id: ANNOUNCED });
  }

  has(workerId: number): boolean {
    return this.#workers.has(workerId);
  }

  /**
   * Whether the state of a worker allows requests. For one that announced itself the reports alone decide.
   */
  serves(workerId: number): boolean {
    const facts = this.#workers.get(workerId)?.facts;
    if (facts === undefined || this.groups.isRetiring(workerId)) return false;
    return facts.origin === "announced" || facts.status === "idle";
  }

  enter(state: EndpointRecord["state"]): void {
    if (state !== this.#state) this.#input.log.write("info0", `the endpoint is ${state}`);
    this.#state = state;
    const commands = {
      active: "endpoint.activate",
      suspended: "endpoint.suspend",
      stopped: "endpoint.stop",
    } as const;
    this.#actor.send({ type: commands[state] });
  }

  /** Whether a report can be taken. One of an unknown worker cannot be while too many workers are ready. */
  hasRoom(workerId: number): boolean {
    return this.has(workerId) || this.#dependencies.provider !== undefined || this.routing.hasRoom(now());
  }

  /** Takes a report. An unknown worker announces itself by it. */
  takeReport(report: RecordedReport): void {
    const isKnown = this.has(report.id);
    if (!isKnown && this.#dependencies.provider !== undefined) {
      this.#input.log.write(
        "debug",
        `worker ${report.id} was not made by the provider: its report is ignored`,
      );
      return;
    }
    if (!isKnown) this.#add({ id: report.id, groupId: ANNOUNCED, origin: "announced", purpose: "active" });
    for (const id of this.routing.update(report, now())) this.#send(id, { type: "worker.destroy" });
    const worker = this.#workers.get(report.id);
    const reported = this.routing.reported(report.id, now());
    if (worker === undefined || reported === undefined) return;
    if (report.max_perf > 0) worker.capacity = report.max_perf;
    worker.load.add(report.new_load, now());
    this.#send(report.id, { type: "worker.reported", report: conditionOf(reported) });
    this.groups.write("debug", reportLine(report), worker.groupId);
  }

  /** Routes nothing to a worker that announced itself until it has reported a `loadtime` again. */
  expectAnew(id: number): void {
    if (this.#workers.get(id)?.facts.origin !== "announced") return;
    this.#send(id, { type: "worker.destroy" });
    this.routing.restart(id);
  }

  view(at: number = now()): readonly WorkerView[] {
    return [...this.#workers.values()].map((worker) => this.#viewOf(worker, at));
  }

  /** The workers that a plan is made for. */
  plannedView(at: number): readonly WorkerView[] {
    return this.view(at).filter(({ id }) => !this.groups.isExtra(id));
  }

  /** The answer of `/get_endpoint_workers/`. */
  wireView() {
    const at = now();
    return [...this.#workers.values()].map((worker) =>
      wireWorker(this.#viewOf(worker, at), worker.load.at(at)),
    );
  }

  /** The workers as the state file keeps them. */
  stored(): readonly StoredWorker[] {
    return [...this.#workers.values()].flatMap((worker) => {
      const lastReport = this.routing.reported(worker.facts.id, now())?.lastReport;
      return storedWorker(worker, this.#input.endpointId, lastReport) ?? [];
    });
  }

  /** Adds a worker of an earlier run. */
  restore({ lastReport, ...worker }: StoredWorker): void {
    const isManaged = worker.origin !== "announced";
    if (this.has(worker.id)) return;
    if (
      isManaged &&
      (this.#dependencies.provider === undefined || this.groups.get(worker.groupId) === undefined)
    )
      return;
    // A worker that had no capacity may have become ready since, and reports its loadtime only once: without the old
    // report, a first one with a capacity is enough.
    if (worker.origin !== "held" && lastReport && lastReport.max_perf > 0) {
      this.routing.update(lastReport, now() - Math.max(0, epochSeconds() - lastReport.receivedAt));
    }
    this.#add(worker);
  }

  /** @returns whether the plan changes anything. */
  apply(plan: Plan): boolean {
    const { activate, redirect, deactivate, release, replace, recruit } = plan;
    for (const id of activate) this.#send(id, { type: "worker.activate" });
    for (const id of deactivate) this.#send(id, { type: "worker.deactivate" });
    for (const { id, risesTo } of redirect) {
      this.#send(id, { type: risesTo === "active" ? "worker.activate" : "worker.deactivate" });
    }
    for (const id of release) this.#send(id, { type: "worker.destroy" });
    for (const { id, risesTo } of replace) this.#send(id, { type: "worker.replace", purpose: risesTo });
    for (const purpose of ["active", "inactive"] as const) {
      for (let made = 0; made < recruit[purpose]; made += 1)
        this.#recruit(this.groups.next() ?? ANNOUNCED, purpose);
    }
    const line = planLine(plan);
    if (line !== undefined) this.#input.log.write("info1", line);
    return line !== undefined;
  }

  /**
   * Stops the workers that the provider made, and destroys them unless `keep` is set. Failures are notices.
   *
   * @param keep - whether they will be started again.
   */
  async close(keep: boolean): Promise<void> {
    const { provider } = this.#dependencies;
    const orders = [...this.#workers.values()].flatMap(({ facts: { id, memo, origin } }) =>
      origin === "announced" || memo === undefined ? [] : [this.#orderOf({ id, memo })],
    );
    this.#isClosed = true;
    this.#actor.stop();
    await Promise.all(
      orders.map(async (order) => {
        try {
          await (keep ? provider?.stop(order, never) : provider?.destroy(order, never));
        } catch (error) {
          this.#notify(`worker ${order.id} could not be ended: ${String(error)}`);
        }
      }),
    );
  }

  /** Sends an event to a worker's actor. Workers still report while they are being stopped with the engine. */
  #send(id: number, event: WorkerEvent): void {
    const worker = this.#workers.get(id);
    if (worker === undefined || this.#isClosed) return;
    this.#actor.send({ type: "worker.relay", groupId: worker.groupId, id, event });
  }

  #viewOf(worker: WorkerRecord, at: number): WorkerView {
    return viewOf(this.#input.endpoint(), worker, this.routing.reported(worker.facts.id, at));
  }

  #add({ id, groupId, origin, purpose, memo, capacity = 0 }: NewWorker): void {
    const worker: WorkerRecord = {
      facts: { id, status: FIRST_STATUS[origin], origin, purpose, memo, failure: undefined },
      groupId,
      group: this.groups.get(groupId),
      startedAt: epochSeconds(),
      load: new RollingLoad(AVERAGE_SECONDS, now()),
      capacity,
      loadedAt: undefined,
    };
    this.#workers.set(id, worker);
    this.#actor.send({ type: "worker.added", groupId, id, origin, purpose, ...(memo && { memo }) });
    if (worker.facts.status === FIRST_STATUS[origin]) this.#reportStatus(worker);
  }

  #update(facts: WorkerFacts): void {
    const worker = this.#workers.get(facts.id);
    if (worker === undefined) return;
    const { status } = worker.facts;
    worker.facts = facts;
    if (facts.status === status) return;
    if (facts.status === "idle") worker.loadedAt = epochSeconds();
    const isNewProcess =
      facts.status === "created" || facts.status === "starting" || facts.status === "rebooting";
    if (isNewProcess) this.routing.restart(facts.id);
    this.#reportStatus(worker);
  }

  #reportStatus(worker: WorkerRecord): void {
    const view = this.#viewOf(worker, now());
    const failure = view.status === "error" ? `: ${view.failure}` : "";
    this.groups.write("info0", `worker ${view.id} is ${view.status}${failure}`, worker.groupId);
    if (view.origin === "managed") this.#dependencies.onWorker(view);
    this.#dependencies.onChanged();
    this.groups.stepUpdates();
  }

  #forget(id: number): void {
    this.#workers.delete(id);
    this.routing.forget(id);
    this.#dependencies.onChanged();
    this.groups.stepUpdates();
  }

  #orderOf({ id, memo }: WorkerCall): WorkerOrder {
    const { token, engineUrl } = this.#dependencies;
    const group = this.#workers.get(id)?.group;
    if (group === undefined) throw new Error(`worker ${id} has no workergroup`);
    return {
      id,
      endpoint: this.#input.endpoint(),
      group,
      engineUrl: engineUrl(),
      token,
      memo,
      onExited: (message) => this.#send(id, { type: "worker.exited", message }),
    };
  }

  #recruit(groupId: number, purpose: Purpose): number {
    const id = this.#dependencies.nextWorkerId();
    this.#add({ id, groupId, origin: "ordered", purpose });
    return id;
  }

  /** Whether a worker has no requests by its last report, and none was routed to it since. */
  #isQuiet(id: number): boolean {
    const reported = this.routing.reported(id, now());
    return (
      reported?.state !== "idle" || (reported.load === 0 && reported.lastReport.num_requests_working === 0)
    );
  }

  #notify(notice: string, groupId = ANNOUNCED): void {
    this.groups.write("info0", notice, groupId);
    this.#publish(notice);
  }

  #publish(notice: string): void {
    this.#dependencies.onNotice(`endpoint ${this.#input.endpoint()}: ${notice}`);
  }
}
