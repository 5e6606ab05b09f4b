import { type Payload, Worker } from "tsworker";
import { checked, integer, isObject, optional, type Rule } from "../checks/payload.js";
import { randomWords } from "../checks/random-words.js";
import { portVariable, textVariable } from "../checks/variables.js";

/** What a request costs: the tokens that it may make, 100 by default, as with TGI itself. */
const workload = ({ parameters }: Payload): number =>
  Number((isObject(parameters) ? parameters.max_new_tokens : undefined) ?? 100);

const inputs: Rule = (value) =>
  typeof value === "string" && value !== ""
    ? undefined
    : 'must be a text such as "Hello"; "prompt" and "messages" belong to OpenAI\'s interface';

const parameters: Rule = (value) =>
  isObject(value) ? undefined : 'must be an object such as {"max_new_tokens":128}';

const misplaced: Rule = (value) => (value === undefined ? undefined : 'belongs into "parameters"');

const generation = {
  allowParallelRequests: true,
  maxQueueTime: 60,
  requestParser: checked({
    inputs,
    parameters: optional(parameters),
    max_new_tokens: misplaced,
    "parameters.max_new_tokens": optional(integer(1)),
  }),
  workloadCalculator: workload,
};

const worker = new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: portVariable("MODEL_PORT", 5001),
  modelLogFile: textVariable("MODEL_LOG") ?? "/workspace/infer.log",
  modelHealthcheckUrl: "/health",
  readiness: "either",
  handlers: [
    {
      ...generation,
      route: "/generate",
      benchmarkConfig: {
        // TGI may end an answer early; the details have the number of its tokens.
        generator: () => ({ inputs: randomWords(250), parameters: { max_new_tokens: 128, details: true } }),
        concurrency: 50,
      },
    },
    { ...generation, route: "/generate_stream" },
  ],
  logActionConfig: {
    onLoad: [
      /^\{"timestamp":"[^"]*","level":"INFO","message":"Connected","target":"text_generation_router(?:::server)?"/,
    ],
    onError: [/^Error: (?:WebserverFailed|DownloadError|ShardCannotStart)\b/],
    onInfo: ['"message":"Download'],
  },
});

await worker.run();
