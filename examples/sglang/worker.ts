import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";

/** What goes before the lines of SGLang: `[2026-08-01 12:00:00 TP0] `, or nothing. */
const PREFIX = String.raw`^(?:\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: \w+)*\] )?`;

const worker = new Worker(
  openaiConfig({
    program: "sglang",
    loaded: new RegExp(`${PREFIX}The server is fired up and ready to roll!$`),
    failed: [
      new RegExp(String.raw`${PREFIX}(?:\w+ hit an exception: )?Traceback \(most recent call last\):$`),
    ],
  }),
);

await worker.run();
