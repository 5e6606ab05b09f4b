import { accessLine } from "../access-line.js";
import type { SimulatedModel } from "../simulated-model.js";

/** The log of a training server: a web server in Python, around PyTorch. */
export const trainingLog = {
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
