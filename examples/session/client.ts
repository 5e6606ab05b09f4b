import { setTimeout as sleep } from "node:timers/promises";
import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

interface Task {
  readonly task_id: string;
  readonly status: "running" | "completed" | "cancelled";
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number | null;
}

// Closing it, or dying, cancels what still runs in it: the worker POSTs its id to `/cancel_task` then.
await using session = await endpoint.session({ cost: 100, lifetime: 10, onCloseRoute: "/cancel_task" });
console.log(`session on ${session.url}`);

async function ask(route: string, payload: Readonly<Record<string, unknown>>): Promise<Task> {
  // A retry could start a task twice.
  const answer = await session.request(route, payload, route === "/start_task" ? { retry: false } : {});
  await answer.expectOk();
  return answer.json<Task>();
}

async function start(epochs: number, batches: number): Promise<string> {
  const payload = { epochs, max_train_batches_per_epoch: batches, session_id: session.id };
  const { task_id } = await ask("/start_task", payload);
  console.log(`${task_id}: ${epochs} epochs of ${batches} batches`);
  return task_id;
}

/** Requests the progress of a task and prints it, until the task is over or in an epoch. */
async function follow(task_id: string, lastEpoch = Number.POSITIVE_INFINITY): Promise<void> {
  for (;;) {
    const { status, epoch, batch, loss } = await ask("/status", { task_id });
    console.log(`  ${status}  epoch ${epoch}, batch ${batch}  loss ${loss ?? "-"}`);
    if (status !== "running" || epoch >= lastEpoch) return;
    await sleep(500);
  }
}

await follow(await start(3, 20));

const long = await start(100, 20);
await follow(long, 2);
const { status, epoch } = await ask("/cancel_task", { task_id: long });
console.log(`${long}: ${status} in epoch ${epoch}`);
