import type { AuthData, EndedReport } from "../../shared/wire.js";
import type { NotRouted } from "../engine-events.js";
import { Dispatcher, type RouteQuestion } from "../routing/dispatcher.js";
import { Waitlist } from "../routing/waitlist.js";
import { RollingLoad } from "../scaling/rolling-load.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import { expectedCapacity, fleetOf } from "../workers/fleet-of.js";
import { AVERAGE_SECONDS } from "../workers/known-worker.js";
import { summaryOf } from "../workers/worker-view.js";
import { Workforce } from "../workers/workforce.js";
import { EndpointLog, endedLine } from "./endpoint-log.js";
import type { EndpointSurroundings } from "./endpoint-surroundings.js";

/** Seconds of a clock that never jumps. */
const now = (): number => performance.now() / 1000;

/** An endpoint at work: what clients ask of it, the workers that answer, and what it tells of itself. */
export class ManagedEndpoint {
  readonly log = new EndpointLog();
  readonly workforce: Workforce;
  readonly #surroundings: EndpointSurroundings;
  readonly #waitlist = new Waitlist();
  readonly #load = new RollingLoad(AVERAGE_SECONDS, now());
  readonly #dispatcher: Dispatcher;
  #record: EndpointRecord;

  constructor(record: EndpointRecord, surroundings: EndpointSurroundings) {
    this.#record = record;
    this.#surroundings = surroundings;
    this.workforce = new Workforce({
      surroundings,
      log: this.log,
      endpoint: () => this.#record.name,
      endpointId: record.id,
      manage: () => this.#manage(),
    });
    this.workforce.enter(record.state);
    this.#dispatcher = new Dispatcher({
      endpoint: () => this.#record.name,
      roster: this.workforce.roster,
      waitlist: this.#waitlist,
      load: this.#load,
      numbers: surroundings.numbers,
      onRequested: surroundings.onRequested,
      terms: () => ({
        maxQueueTime: this.#record.parameters.max_queue_time,
        serves: (id) => this.#record.state !== "stopped" && this.workforce.serves(id),
      }),
      summary: (at) => summaryOf(this.workforce.view(at)),
      sign: surroundings.sign,
    });
  }

  get record(): EndpointRecord {
    return this.#record;
  }

  change(record: EndpointRecord): void {
    this.#record = record;
    this.workforce.enter(record.state);
  }

  dispatch(question: RouteQuestion): AuthData | NotRouted {
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

  /** Requests that ended well or were cancelled are not asked for again. */
  takeEnded({ worker_id, requests }: EndedReport): void {
    for (const request of requests) {
      const { request_idx, status } = request;
      if (status === "Success" || status === "Cancelled") this.#waitlist.forget(request_idx);
      if (this.workforce.has(worker_id)) this.log.write("trace", endedLine(request));
    }
  }

  #manage(): void {
    const { provider, planner, onPlan } = this.#surroundings;
    if (provider === undefined || this.workforce.groups.length === 0) return;
    const at = now();
    this.#waitlist.sweep(at);
    const workers = this.workforce.view(at);
    const expected = expectedCapacity(workers, this.#surroundings.expectedCapacity);
    const { lastAskedAt } = this.#dispatcher;
    const waiting = this.#waitlist.load(at);
    const isBusy = workers.some(({ load }) => load > 0) || waiting > 0;
    const plan = planner({
      parameters: this.#record.parameters,
      workers: fleetOf(workers, provider.price ?? 1, expected),
      load: this.#load.at(at),
      waiting,
      // A request that runs is none that has passed.
      idleSeconds: isBusy ? 0 : lastAskedAt === undefined ? undefined : at - lastAskedAt,
      expectedCapacity: expected,
    });
    if (this.workforce.carryOut(plan)) onPlan(this.#record.name, plan);
  }
}
