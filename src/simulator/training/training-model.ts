import { z } from "zod";
import { seedFor } from "../../shared/random.js";
import { sendJson } from "../answer.js";
import { accessLine } from "../model-log.js";
import { jsonBody } from "../request.js";
import {
  RefusedRequest,
  type RouteContext,
  type SimulatedModel,
  type SimulatedRoute,
} from "../simulated-model.js";
import { lossCurve, TrainingTask } from "./training-task.js";

/** Options of a {@link TrainingModel}. */
export interface TrainingModelOptions {
  /**
   * Rate of a task.
   * @default 20
   */
  readonly batchesPerSecond?: number;
  /**
   * Batches that the data has: those of an epoch, unless a task wants fewer.
   * @default 200
   */
  readonly batchesPerEpoch?: number;
  /**
   * Seed of the losses.
   * @default 1
   */
  readonly seed?: number;
}

/** Tasks that are kept. */
const KEPT = 100;

/** A simulated server that trains one model at a time, in tasks that continue between requests. */
export class TrainingModel implements SimulatedModel {
  readonly title = "training server";
  readonly closing = "uvicorn";
  readonly loading: SimulatedModel["loading"] = trainingLog.loading;
  readonly outOfMemory = trainingLog.outOfMemory;
  readonly crashed = trainingLog.crashed;
  readonly answered = trainingLog.answered;
  readonly routes: ReadonlyMap<string, SimulatedRoute> = new Map<string, SimulatedRoute>([
    ["/start_task", { method: "POST", serve: (context) => this.#start(context) }],
    ["/status", { method: "POST", serve: (context) => this.#status(context) }],
    ["/cancel_task", { method: "POST", serve: (context) => this.#cancel(context) }],
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

  /** Tasks are lost when the server ends. */
  halted(): void {
    this.#tasks.at(-1)?.drop();
    this.#tasks = [];
  }

  #start({ body, response, log }: RouteContext): void {
    const { epochs, max_train_batches_per_epoch: most, session_id } = jsonBody(body, startSchema, 422);
    const last = this.#tasks.at(-1);
    if (last?.status === "running") {
      throw new RefusedRequest(
        409,
        `${last.id} is running (${last.progress}): wait for its end, or cancel it`,
      );
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

  #status({ body, response }: RouteContext): void {
    const task = this.#find(jsonBody(body, choiceSchema, 422));
    sendJson(response, 200, bodyOf(task));
  }

  #cancel({ body, response }: RouteContext): void {
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

/** Body of `/start_task`. */
const startSchema = z.object({
  epochs: z.int().positive().max(100_000),
  /** Absent: all batches of the data. */
  max_train_batches_per_epoch: z.int().positive().nullish(),
  session_id: z.string().nullish(),
});

/** Body of `/status` and `/cancel_task`: which task is meant. Without either it is the newest. */
const choiceSchema = z.object({ task_id: z.string().nullish(), session_id: z.string().nullish() });

type TaskChoice = z.infer<typeof choiceSchema>;

/** The log of a training server: a web server in Python with PyTorch. */
const trainingLog = {
  loading: [
    { share: 0, write: (log) => log.line("Starting the training server (simulated)") },
    { share: 0.3, write: (log) => log.line("Training data: 60000 samples, 10 classes") },
    { share: 0.4, write: (log) => log.line("Model: 1.2 M parameters on cuda:0, torch.bfloat16") },
    { share: 0.2, write: (log) => log.server(`Started server process [${process.pid}]`) },
    { share: 0.1, write: (log) => log.line("Model Server Running"), isReadyLine: true },
  ],
  outOfMemory: (log) => {
    log.line("Traceback (most recent call last):");
    log.line('  File "/workspace/training_server.py", line 41, in load_model');
    log.line('    model = Classifier().to("cuda:0")');
    log.line("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.");
  },
  crashed: (log) => {
    log.line("Traceback (most recent call last):");
    log.line('  File "/workspace/training_server.py", line 97, in train_epoch');
    log.line("    loss.backward()");
    log.line("RuntimeError: CUDA error: an illegal memory access was encountered");
  },
  answered: (log, answered) => log.server(accessLine(answered)),
} satisfies Pick<SimulatedModel, "loading" | "outOfMemory" | "crashed" | "answered">;
