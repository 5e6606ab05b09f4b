import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";

/** What goes before the lines of vLLM: `(EngineCore_0 pid=2) ERROR 08-01 12:00:00 [core.py:586] `, or a part of it. */
const PREFIX = String.raw`^(?:\([^()]*pid=\d+\) )?(?:[A-Z]+ \d\d-\d\d \d\d:\d\d:\d\d \[?[\w./-]+:\d+\] )?`;

const worker = new Worker(
  openaiConfig({
    program: "vllm",
    logFile: "/var/log/portal/vllm.log",
    loaded: /^(?:\([^()]*pid=\d+\) )?INFO: +Application startup complete\.$/,
    failed: [
      new RegExp(`${PREFIX}RuntimeError: Engine`),
      new RegExp(String.raw`${PREFIX}Traceback \(most recent call last\):$`),
    ],
  }),
);

await worker.run();
