import { comfyWorker } from "../comfy/comfy-worker.js";
import { readWorkflow, workflowPayload } from "../comfy/workflow.js";

const workflow = readWorkflow(new URL("workflow.json", import.meta.url));

const worker = comfyWorker({
  workload: 1000,
  // Once and without a warm-up: it takes long enough for the models' loading not to count for much.
  benchmark: { generator: workflowPayload(workflow), runs: 1, concurrency: 1, doWarmup: false },
});

await worker.run();
