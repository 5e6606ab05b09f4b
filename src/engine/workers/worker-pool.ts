import { type Actor, createActor } from "xstate";
import { type EndpointLog, reportLine } from "../endpoints/endpoint-log.js";
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
import type { WorkergroupBroken } from "../machines/workergroup.js";
import { conditionOf, RoutingTable } from "../routing/routing-table.js";
import type { Plan } from "../scaling/fleet.js";
import { RollingLoad } from "../scaling/rolling-load.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import type { StoredWorker } from "../state/engine-state.js";
import type { RecordedReport } from "./ledger.js";
import { providedMachine, type WorkerOrder } from "./provider.js";
import { viewOf, type WorkerRecord, type WorkerView, wireWorker } from "./worker-view.js";
import type { Workergroup } from "./workergroup.js";

interface WorkerPoolInput {
  readonly dependencies: EndpointDependencies;
  readonly log: EndpointLog;
  /** The endpoint's current name. */
  readonly endpoint: () => string;
  readonly endpointId: number;
  /** Makes a plan and applies it; called once a second while the endpoint is active. */
  readonly manage: () => void;
}

interface PooledWorker extends WorkerRecord {
  readonly load: RollingLoad;
  /** The group that it was made by, even if that was removed since; undefined: it announced itself. */
  readonly group: Workergroup | undefined;
}

interface NewWorker {
  readonly id: number;
  readonly groupId: number;
  readonly origin: Origin;
  readonly purpose: Purpose;
  readonly memo?: Memo | undefined;
  /** Workload per second, where it was measured before. */
  readonly capacity?: number;
}

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

/** The workers of an endpoint with their reports, and its workergroups. */
export class WorkerPool {
  readonly routing: RoutingTable;
  readonly #input: WorkerPoolInput;
  readonly #dependencies: EndpointDependencies;
  readonly #actor: Actor<ReturnType<typeof providedMachine>>;
  readonly #groups = new Map<number, Workergroup>();
  readonly #workers = new Map<number, PooledWorker>();
  /** Number of workers created so far: groups take turns. */
  #turn = 0;
  #isClosed = false;

  constructor(input: WorkerPoolInput) {
    const { provider, silentAfter, startTimeout } = input.dependencies;
    this.#input = input;
    this.#dependencies = input.dependencies;
    this.routing = new RoutingTable(silentAfter);
    const machine = providedMachine({
      provider,
      orderOf: (call) => this.#orderOf(call),
      manage: () => {
        if (!this.#isClosed) input.manage();
      },
    });
    this.#actor = createActor(machine, {
      input: { timeouts: { silentMs: silentAfter * 1000, startMs: startTimeout * 1000 } },
    });
    this.#actor.on("worker.changed", ({ worker }) => this.#update(worker));
    this.#actor.on("worker.gone", ({ id }) => this.#forget(id));
    this.#actor.on("workergroup.broken", (broken) => this.#notify(brokenNotice(broken)));
    this.#actor.subscribe({
      error: (error) => this.#notify(`its workers are not managed any more: ${error}`),
    });
    this.#actor.start();
    this.#actor.send({ type: "workergroup.added", id: ANNOUNCED });
  }

  get groups(): readonly Workergroup[] {
    return [...this.#groups.values()];
  }

  has(workerId: number): boolean {
    return this.#workers.has(workerId);
  }

  /**
   * Whether the state of a worker allows requests. For one that announced itself the reports alone decide.
   */
  serves(workerId: number): boolean {
    const facts = this.#workers.get(workerId)?.facts;
    return facts !== undefined && (facts.origin === "announced" || facts.status === "idle");
  }

  enter(state: EndpointRecord["state"]): void {
    const commands = {
      active: "endpoint.activate",
      suspended: "endpoint.suspend",
      stopped: "endpoint.stop",
    } as const;
    this.#actor.send({ type: commands[state] });
  }

  addGroup(group: Workergroup): void {
    this.#groups.set(group.id, group);
    this.#actor.send({ type: "workergroup.added", id: group.id });
  }

  /** Removes a group and destroys its workers. */
  removeGroup(id: number): void {
    this.#groups.delete(id);
    this.#actor.send({ type: "workergroup.removed", id });
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
    this.#input.log.write("debug", reportLine(report));
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

  /** The answer of `/get_endpoint_workers/`. */
  wireView() {
    const at = now();
    return [...this.#workers.values()].map((worker) =>
      wireWorker(this.#viewOf(worker, at), worker.load.at(at)),
    );
  }

  /** The workers as the state file keeps them. */
  stored(): readonly StoredWorker[] {
    return [...this.#workers.values()].flatMap(({ facts, groupId, capacity }) => {
      const { id, status, origin, purpose, memo } = facts;
      const isAnnounced = origin === "announced";
      if (status === "destroying" || (!isAnnounced && memo === undefined)) return [];
      const isHeld = status === "stopped" || status === "stopping";
      return {
        id,
        endpointId: this.#input.endpointId,
        groupId,
        origin: isAnnounced ? origin : isHeld ? "held" : "running",
        purpose,
        memo,
        capacity,
        lastReport: this.routing.reported(id, now())?.lastReport,
      };
    });
  }

  /** Adds a worker of an earlier run. */
  restore({ lastReport, ...worker }: StoredWorker): void {
    const isManaged = worker.origin !== "announced";
    if (this.has(worker.id)) return;
    if (isManaged && (this.#dependencies.provider === undefined || !this.#groups.has(worker.groupId))) return;
    // A worker that had no capacity may have become ready since, and reports its loadtime only once: without the old
    // report, a first one with a capacity is enough.
    if (worker.origin !== "held" && lastReport && lastReport.max_perf > 0) {
      this.routing.update(lastReport, now() - Math.max(0, epochSeconds() - lastReport.receivedAt));
    }
    this.#add(worker);
  }

  /** @returns whether the plan changes anything. */
  apply(plan: Plan): boolean {
    const { activate, redirect, deactivate, release, replace, recruit, wanted } = plan;
    for (const id of activate) this.#send(id, { type: "worker.activate" });
    for (const id of deactivate) this.#send(id, { type: "worker.deactivate" });
    for (const { id, risesTo } of redirect) {
      this.#send(id, { type: risesTo === "active" ? "worker.activate" : "worker.deactivate" });
    }
    for (const id of release) this.#send(id, { type: "worker.destroy" });
    for (const { id, risesTo } of replace) this.#send(id, { type: "worker.replace", purpose: risesTo });
    for (let made = 0; made < recruit.active; made += 1) this.#recruit("active");
    for (let made = 0; made < recruit.inactive; made += 1) this.#recruit("inactive");
    const changes = [activate, redirect, deactivate, release, replace].flat().length;
    if (changes + recruit.active + recruit.inactive === 0) return false;
    const ids = (workers: readonly { readonly id: number }[]): string => workers.map(({ id }) => id).join();
    this.#input.log.write(
      "info1",
      `recruit ${recruit.active} active, ${recruit.inactive} inactive; activate ${activate}; ` +
        `redirect ${ids(redirect)}; deactivate ${deactivate}; release ${release}; ` +
        `replace ${ids(replace)}: ${wanted.reason}`,
    );
    return true;
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

  #viewOf(worker: PooledWorker, at: number): WorkerView {
    return viewOf(this.#input.endpoint(), worker, this.routing.reported(worker.facts.id, at));
  }

  #add({ id, groupId, origin, purpose, memo, capacity = 0 }: NewWorker): void {
    const worker: PooledWorker = {
      facts: { id, status: FIRST_STATUS[origin], origin, purpose, memo, failure: undefined },
      groupId,
      group: this.#groups.get(groupId),
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

  #reportStatus(worker: PooledWorker): void {
    const view = this.#viewOf(worker, now());
    const failure = view.status === "error" ? `: ${view.failure}` : "";
    this.#input.log.write("info0", `worker ${view.id} is ${view.status}${failure}`);
    if (view.origin === "managed") this.#dependencies.onWorker(view);
    this.#dependencies.onChanged();
  }

  #forget(id: number): void {
    this.#workers.delete(id);
    this.routing.forget(id);
    this.#dependencies.onChanged();
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

  #recruit(purpose: Purpose): void {
    const groups = this.groups;
    const group = groups[this.#turn++ % groups.length];
    if (group === undefined) return;
    this.#add({ id: this.#dependencies.nextWorkerId(), groupId: group.id, origin: "ordered", purpose });
  }

  #notify(notice: string): void {
    this.#input.log.write("info0", notice);
    this.#dependencies.onNotice(`endpoint ${this.#input.endpoint()}: ${notice}`);
  }
}

const brokenNotice = ({ id, failures, lastFailure }: WorkergroupBroken): string =>
  `workergroup ${id}: ${failures} workers failed in a row, the last one because: ` +
  `${lastFailure?.message}. No worker is created for 5 minutes; ` +
  "mend the cause, and set the endpoint active to try at once";
