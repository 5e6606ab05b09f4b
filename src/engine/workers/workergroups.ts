import { EndpointLog, type LogName } from "../endpoints/endpoint-log.js";
import { RollingUpdate, type UpdatedWorkers, type UpdateState } from "./rolling-update.js";
import type { Workergroup } from "./workergroup.js";

interface WorkergroupsInput {
  /** The log of the endpoint, which has all lines of its groups. */
  readonly log: EndpointLog;
  /** Called with messages for people. */
  readonly onNotice: (notice: string) => void;
  readonly onAdded: (groupId: number) => void;
  readonly onRemoved: (groupId: number) => void;
  readonly workers: UpdatedWorkers;
  /** Seconds of a monotonic clock. */
  readonly now: () => number;
}

/** The workergroups of an endpoint, with their logs and the updates of their workers. */
export class Workergroups {
  readonly #input: WorkergroupsInput;
  readonly #groups = new Map<number, Workergroup>();
  readonly #logs = new Map<number, EndpointLog>();
  readonly #updates = new Map<number, RollingUpdate>();
  /** Number of workers ordered so far: groups take turns. */
  #turn = 0;

  constructor(input: WorkergroupsInput) {
    this.#input = input;
  }

  get all(): readonly Workergroup[] {
    return [...this.#groups.values()];
  }

  get(id: number): Workergroup | undefined {
    return this.#groups.get(id);
  }

  add(group: Workergroup): void {
    this.#groups.set(group.id, group);
    this.#logs.set(group.id, new EndpointLog());
    this.write("info0", `workergroup ${group.id} was added`, group.id);
    this.#input.onAdded(group.id);
  }

  /** Changes the settings of a group, for workers that are created from now on. */
  change(group: Workergroup): void {
    this.#groups.set(group.id, group);
    this.write("info0", `workergroup ${group.id} was changed`, group.id);
  }

  /** Removes a group and destroys its workers. */
  remove(id: number): void {
    this.#groups.delete(id);
    this.#logs.delete(id);
    this.#updates.delete(id);
    this.#input.onRemoved(id);
  }

  /** Id of the group that the next worker is made for; undefined: there is none. */
  next(): number | undefined {
    const ids = [...this.#groups.keys()];
    return ids[this.#turn++ % ids.length];
  }

  /** Writes a line to the logs of the endpoint and of a group. */
  write(log: LogName, text: string, groupId: number): void {
    this.#input.log.write(log, text);
    this.#logs.get(groupId)?.write(log, text);
  }

  /** The newest lines of the logs of a group. */
  tail(id: number, count: number): Readonly<Record<LogName, string>> {
    return (this.#logs.get(id) ?? new EndpointLog()).tail(count);
  }

  /** Begins to replace all workers of a group. @returns their number. */
  startUpdate(id: number): number {
    this.#updates.get(id)?.cancel();
    const { workers, now } = this.#input;
    const onNotice = (notice: string): void => {
      this.write("info0", notice, id);
      this.#input.onNotice(notice);
    };
    const update = new RollingUpdate({ groupId: id, workers, onNotice });
    this.#updates.set(id, update);
    update.step(now());
    return update.size;
  }

  /** @returns whether an update of the group was in progress. */
  cancelUpdate(id: number): boolean {
    return this.#updates.get(id)?.cancel() ?? false;
  }

  /** State of the last update of a group; undefined: there was none. */
  updateState(id: number): UpdateState | undefined {
    return this.#updates.get(id)?.state;
  }

  /** Does what is due in the updates. */
  stepUpdates(): void {
    for (const update of this.#updates.values()) update.step(this.#input.now());
  }

  /** Whether an update lets a worker finish its requests, before it is destroyed. */
  isRetiring(workerId: number): boolean {
    return this.#isUpdated((update) => update.isRetiring(workerId));
  }

  /** Whether a worker exists beside the one that it replaces, and is left out of plans. */
  isExtra(workerId: number): boolean {
    return this.#isUpdated((update) => update.isExtra(workerId));
  }

  #isUpdated(isMeant: (update: RollingUpdate) => boolean): boolean {
    for (const update of this.#updates.values()) if (isMeant(update)) return true;
    return false;
  }
}
