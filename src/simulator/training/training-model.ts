import { seedFor } from "../../shared/random.js";
import { jsonBody } from "../json-body.js";
import { sendJson } from "../send-json.js";
import {
  type Exchange,
  RefusedRequest,
  type SimulatedModel,
  type SimulatedRoute,
} from "../simulated-model.js";
import { lossCurve } from "./loss-curve.js";
import { trainingLog } from "./training-log.js";
import type { TrainingModelOptions } from "./training-model-options.js";
import { choiceSchema, startSchema, type TaskChoice } from "./training-requests.js";
import { TrainingTask } from "./training-task.js";

/** Tasks that are remembered. */
const KEPT = 100;

/** A simulated server that trains one model at a time, in tasks that go on between requests. */
export class TrainingModel implements SimulatedModel {
  readonly title = "training server";
  readonly closing = "uvicorn";
  readonly loading: SimulatedModel["loading"] = trainingLog.loading;
  readonly outOfMemory = trainingLog.outOfMemory;
  readonly crashed = trainingLog.crashed;
  readonly answered = trainingLog.answered;
  readonly routes: ReadonlyMap<string, SimulatedRoute> = new Map<string, SimulatedRoute>([
    ["/start_task", { method: "POST", serve: (exchange) => this.#start(exchange) }],
    ["/status", { method: "POST", serve: (exchange) => this.#tell(exchange) }],
    ["/cancel_task", { method: "POST", serve: (exchange) => this.#cancel(exchange) }],
  ]);
  readonly waiting = 0;
  readonly #options: Required<TrainingModelOptions>;
  /** Oldest first. Only the newest may run. */
  #tasks: readonly TrainingTask[] = [];
  #started = 0;
  #trained = 0;

  constructor({ batchesPerSecond = 20, batchesPerEpoch = 200, seed = 1 }: TrainingModelOptions = {}) {
    this.#options = { batchesPerSecond, batchesPerEpoch, seed };
  }

  /** Batches. */
  get produced(): number {
    return this.#trained;
  }

  refusal(_status: number, message: string): object {
    return { ok: false, error: message };
  }

  /** What it knew of tasks ends with the server. */
  halted(): void {
    this.#tasks.at(-1)?.drop();
    this.#tasks = [];
  }

  #start({ body, response, log }: Exchange): void {
    const { epochs, max_train_batches_per_epoch: most, session_id } = jsonBody(body, startSchema, 422);
    const last = this.#tasks.at(-1);
    if (last?.status === "running") {
      throw new RefusedRequest(409, `${last.id} is running (${last.place}): wait for its end, or cancel it`);
    }
    const { batchesPerSecond, batchesPerEpoch, seed } = this.#options;
    this.#started += 1;
    const id = `task-${this.#started}`;
    const task = new TrainingTask({
      id,
      sessionId: session_id ?? undefined,
      epochs,
      batches: Math.min(most ?? batchesPerEpoch, batchesPerEpoch),
      batchesPerSecond,
      nextLoss: lossCurve(seedFor(seed, id)),
      onBatch: () => {
        this.#trained += 1;
      },
      log,
    });
    this.#tasks = [...this.#tasks, task].slice(-KEPT);
    void task.run();
    sendJson(response, 200, { ok: true, task_id: id, status: task.status });
  }

  #tell({ body, response }: Exchange): void {
    const task = this.#find(jsonBody(body, choiceSchema, 422));
    sendJson(response, 200, bodyOf(task));
  }

  #cancel({ body, response }: Exchange): void {
    const task = this.#find(jsonBody(body, choiceSchema, 422));
    task?.cancel();
    sendJson(response, 200, bodyOf(task));
  }

  /** @throws RefusedRequest when a task is named that is not known. */
  #find({ task_id: id, session_id: sessionId }: TaskChoice): TrainingTask | undefined {
    if (id) {
      const named = this.#tasks.find((task) => task.id === id);
      if (named) return named;
      throw new RefusedRequest(404, `there is no ${id}: it is forgotten when the server is started anew`);
    }
    return this.#tasks.findLast((task) => !sessionId || task.sessionId === sessionId);
  }
}

function bodyOf(task: TrainingTask | undefined): object {
  if (task === undefined) return { ok: true, task_id: null, status: "idle" };
  return { ok: true, task_id: task.id, status: task.status, ...task.report };
}
