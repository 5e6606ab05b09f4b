import type { RequestNumbers } from "../routing/request-numbers.js";
import type { Plan } from "../scaling/fleet.js";
import type { Planner } from "../scaling/plan.js";
import type { Provider } from "../workers/provider.js";
import type { WorkerView } from "../workers/worker-view.js";

/** What all endpoints of an engine share. */
export interface EndpointSurroundings {
  /** Undefined: workers announce themselves, and nothing is scaled. */
  readonly provider: Provider | undefined;
  readonly planner: Planner;
  readonly numbers: RequestNumbers;
  /** Seconds without a report after which a worker has failed. */
  readonly silentAfter: number;
  /** Seconds between a worker's start and its first report after which it has failed. */
  readonly startTimeout: number;
  /** Workload per second that a worker is expected to have before one was measured. */
  readonly expectedCapacity: number;
  /** The `mtoken` that workers are given. */
  readonly token: string;
  readonly nextWorkerId: () => number;
  readonly engineUrl: () => string;
  readonly sign: (url: string) => string;
  readonly onRequested: (cost: number) => void;
  /** A worker that the engine manages came into another state. */
  readonly onWorker: (worker: WorkerView) => void;
  /** A plan changes something. */
  readonly onPlan: (endpoint: string, plan: Plan) => void;
  /** Something that a person should know. */
  readonly onNotice: (notice: string) => void;
  /** What is to be remembered has changed. */
  readonly onChanged: () => void;
}
