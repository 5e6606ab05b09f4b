import { type Actor, createActor } from "xstate";
import { type EndpointLog, reportLine } from "../endpoints/endpoint-log.js";
import type { EndpointSurroundings } from "../endpoints/endpoint-surroundings.js";
import type { Purpose } from "../machines/events.js";
import { wireStatus } from "../machines/wire-status.js";
import type { Memo, Origin, WorkerCall } from "../machines/worker.js";
import type { Plan } from "../scaling/fleet.js";
import { RollingLoad } from "../scaling/rolling-load.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import type { RememberedWorker } from "../state/engine-state.js";
import { carryOut } from "./carry-out.js";
import { AVERAGE_SECONDS, type KnownWorker, rememberedOf, saidBy, viewOf } from "./known-worker.js";
import type { RecordedReport } from "./ledger.js";
import { providedMachine } from "./provided-machine.js";
import type { WorkerOrder } from "./provider.js";
import { Roster } from "./roster.js";
import { watchWorker } from "./watch-worker.js";
import { type WorkerView, wireWorker } from "./worker-view.js";
import type { Workergroup } from "./workergroup.js";

interface WorkforceInput {
  readonly surroundings: EndpointSurroundings;
  readonly log: EndpointLog;
  /** The endpoint's name now: it may change. */
  readonly endpoint: () => string;
  readonly endpointId: number;
  /** Looks at the fleet, once a second while the endpoint is active. */
  readonly manage: () => void;
}

/** Group of the workers that announce themselves: nobody made it, and nobody is shown it. */
const ANNOUNCED = 0;

const never = new AbortController().signal;
/** Seconds of a clock that never jumps. */
const now = (): number => performance.now() / 1000;
/** The time of day, for what is shown and kept. */
const epochSeconds = (): number => Date.now() / 1000;

/** The workers of an endpoint, with their actors and reports, and the workergroups that they are made by. */
export class Workforce {
  readonly roster: Roster;
  readonly #input: WorkforceInput;
  readonly #surroundings: EndpointSurroundings;
  readonly #actor: Actor<ReturnType<typeof providedMachine>>;
  readonly #groups = new Map<number, Workergroup>();
  readonly #workers = new Map<number, KnownWorker>();
  /** The group that each worker was made by, for as long as it has to be taken away. */
  readonly #makers = new Map<number, Workergroup>();
  /** Which group is given the next worker. */
  #turn = 0;

  constructor(input: WorkforceInput) {
    const { provider, silentAfter, startTimeout } = input.surroundings;
    this.#input = input;
    this.#surroundings = input.surroundings;
    this.roster = new Roster(silentAfter);
    const machine = providedMachine({
      provider,
      orderOf: (call) => this.#orderOf(call),
      manage: input.manage,
    });
    this.#actor = createActor(machine, {
      input: { patience: { silentMs: silentAfter * 1000, startMs: startTimeout * 1000 } },
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
   * Whether a worker may be given requests, as far as its state goes. Of one that announced itself its
   * reports decide.
   */
  serves(workerId: number): boolean {
    const snapshot = this.#workers.get(workerId)?.ref.getSnapshot();
    if (snapshot === undefined) return false;
    return snapshot.context.origin === "announced" || wireStatus(snapshot) === "idle";
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
    let told: unknown = "recruiting";
    this.#groupRef(group.id)?.subscribe(({ value, context }) => {
      if (value === told) return;
      told = value;
      if (value !== "broken") return;
      this.#tell(
        `workergroup ${group.id}: ${context.failures} workers failed in a row, the last one because: ` +
          `${context.lastFailure?.message}. No worker is created for 5 minutes; ` +
          "mend the cause, and set the endpoint active to try at once",
      );
    });
  }

  /** Its workers are destroyed. */
  removeGroup(id: number): void {
    this.#groups.delete(id);
    this.#groupRef(id)?.send({ type: "workergroup.release" });
    this.#dropEmptyGroups();
  }

  /** Whether a report of this worker can be taken: one that is not known yet is one too many where all others are ready. */
  hasRoom(workerId: number): boolean {
    return this.has(workerId) || this.#surroundings.provider !== undefined || this.roster.hasRoom(now());
  }

  /** Takes a report of one of its workers, or of one that nobody has heard of. */
  takeReport(report: RecordedReport): void {
    const isKnown = this.#workers.has(report.id);
    if (!isKnown && this.#surroundings.provider !== undefined) {
      this.#input.log.write(
        "debug",
        `worker ${report.id} is not one of the provider's: its report counts for nothing`,
      );
      return;
    }
    if (!isKnown) this.#add({ id: report.id, groupId: ANNOUNCED, origin: "announced", purpose: "active" });
    for (const id of this.roster.update(report, now())) {
      this.#workers.get(id)?.ref.send({ type: "worker.destroy" });
    }
    const worker = this.#workers.get(report.id);
    const reported = this.roster.reported(report.id, now());
    if (worker === undefined || reported === undefined) return;
    if (report.max_perf > 0) worker.capacity = report.max_perf;
    worker.load.add(report.new_load, now());
    // What workers report while the engine ends them is taken, and leads to nothing.
    if (this.#actor.getSnapshot().status === "active") {
      worker.ref.send({ type: "worker.reported", said: saidBy(reported) });
    }
    this.#input.log.write("debug", reportLine(report));
  }

  /** Takes a worker that announced itself out, until it reports that it has loaded anew. */
  expectAnew(id: number): void {
    const worker = this.#workers.get(id);
    if (worker?.ref.getSnapshot().context.origin !== "announced") return;
    worker.ref.send({ type: "worker.destroy" });
    this.roster.restart(id);
  }

  view(at: number = now()): readonly WorkerView[] {
    return [...this.#workers].map(([id, known]) =>
      viewOf(this.#input.endpoint(), known, this.roster.reported(id, at)),
    );
  }

  /** As `/get_endpoint_workers/` tells it. */
  wireView() {
    const at = now();
    return this.view(at).map((view) => wireWorker(view, this.#workers.get(view.id)?.load.at(at) ?? 0));
  }

  /** What of its workers outlives the engine. */
  remembered(): readonly RememberedWorker[] {
    return [...this.#workers].flatMap(([id, known]) => {
      const lastReport = this.roster.reported(id, now())?.lastReport;
      return rememberedOf(known, this.#input.endpointId, lastReport) ?? [];
    });
  }

  /** Goes on with a worker of an earlier run. */
  recall({ id, groupId, origin, purpose, memo, capacity, lastReport }: RememberedWorker): void {
    const isManaged = origin !== "announced";
    if (this.#workers.has(id)) return;
    if (isManaged && (this.#surroundings.provider === undefined || !this.#groups.has(groupId))) return;
    // It may have become ready after this was written, and tells so only once: of one that had not loaded yet
    // nothing is kept.
    if (origin !== "held" && lastReport && lastReport.max_perf > 0) {
      this.roster.update(lastReport, now() - Math.max(0, epochSeconds() - lastReport.receivedAt));
    }
    this.#add({ id, groupId, origin, purpose, ...(memo && { memo }) }, capacity);
  }

  /** Has a plan carried out. @returns whether there was anything to do. */
  carryOut(plan: Plan): boolean {
    const done = carryOut(plan, {
      tell: (id, command) => this.#workers.get(id)?.ref.send(command),
      recruit: (purpose) => this.#recruit(purpose),
    });
    if (done !== undefined) this.#input.log.write("info1", done);
    return done !== undefined;
  }

  /**
   * Ends all work. Its workers are stopped, and destroyed unless they are to be found again. What could not be
   * done is told by notices.
   *
   * @param keep - whether they are to be found again.
   */
  async close(keep: boolean): Promise<void> {
    const { provider } = this.#surroundings;
    const orders = [...this.#workers.values()].flatMap(({ ref }) => {
      const { id, memo, origin } = ref.getSnapshot().context;
      return origin === "announced" || memo === undefined ? [] : [this.#orderOf({ id, memo })];
    });
    this.#actor.stop();
    await Promise.all(
      orders.map(async (order) => {
        try {
          await (keep ? provider?.stop(order, never) : provider?.destroy(order, never));
        } catch (error) {
          this.#tell(`worker ${order.id} could not be ended: ${String(error)}`);
        }
      }),
    );
  }

  #groupRef(id: number) {
    return this.#actor.getSnapshot().context.groups[id];
  }

  #add(
    worker: { id: number; groupId: number; origin: Origin; purpose: Purpose; memo?: Memo },
    capacity = 0,
  ): void {
    const { id, groupId, ...rest } = worker;
    const group = this.#groupRef(groupId);
    const maker = this.#groups.get(groupId);
    // Before it is added: its creation may begin at once.
    if (maker !== undefined) this.#makers.set(id, maker);
    group?.send({ type: "worker.added", id, ...rest });
    const ref = group?.getSnapshot().context.workers[id];
    if (ref === undefined) return;
    const known: KnownWorker = {
      ref,
      groupId,
      startedAt: epochSeconds(),
      load: new RollingLoad(AVERAGE_SECONDS, now()),
      capacity,
      loadedAt: undefined,
    };
    this.#workers.set(id, known);
    watchWorker(ref, {
      onStatus: (status) => {
        if (status === "idle") known.loadedAt = epochSeconds();
        if (status === "created" || status === "starting" || status === "rebooting") this.roster.restart(id);
        this.#tellState(id, known);
      },
      onGone: () => this.#forget(id),
      onFault: (error) => this.#tell(`worker ${id} is given up: ${String(error)}`),
    });
    this.#tellState(id, known);
  }

  #tellState(id: number, known: KnownWorker): void {
    const view = viewOf(this.#input.endpoint(), known, this.roster.reported(id, now()));
    const failure = view.status === "error" ? `: ${view.failure}` : "";
    this.#input.log.write("info0", `worker ${id} is ${view.status}${failure}`);
    if (view.origin === "managed") this.#surroundings.onWorker(view);
    this.#surroundings.onChanged();
  }

  #forget(id: number): void {
    this.#workers.delete(id);
    this.#makers.delete(id);
    this.roster.forget(id);
    this.#surroundings.onChanged();
    this.#dropEmptyGroups();
  }

  /** A removed group goes when the last of its workers has gone. */
  #dropEmptyGroups(): void {
    for (const key of Object.keys(this.#actor.getSnapshot().context.groups)) {
      const id = Number(key);
      if (id === ANNOUNCED || this.#groups.has(id)) continue;
      if ([...this.#workers.values()].some(({ groupId }) => groupId === id)) continue;
      this.#actor.send({ type: "workergroup.removed", id });
    }
  }

  #orderOf({ id, memo }: WorkerCall): WorkerOrder {
    const { token, engineUrl } = this.#surroundings;
    const group = this.#makers.get(id);
    if (group === undefined) throw new Error(`worker ${id} has no workergroup`);
    return {
      id,
      endpoint: this.#input.endpoint(),
      group,
      engineUrl: engineUrl(),
      token,
      memo,
      onExited: (message) => this.#workers.get(id)?.ref.send({ type: "worker.exited", message }),
    };
  }

  #recruit(purpose: Purpose): void {
    const groups = this.groups;
    const group = groups[this.#turn++ % groups.length];
    if (group === undefined) return;
    this.#add({ id: this.#surroundings.nextWorkerId(), groupId: group.id, origin: "ordered", purpose });
  }

  #tell(notice: string): void {
    this.#input.log.write("info0", notice);
    this.#surroundings.onNotice(`endpoint ${this.#input.endpoint()}: ${notice}`);
  }
}
