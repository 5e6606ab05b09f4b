import { type Payload, PayloadError, Worker } from "tsworker";
import { randomWords } from "../openai/random-words.js";

/** What a request costs: the tokens that it may make, 100 where it does not say, as with TGI itself. */
const workload = ({ parameters }: Payload): number => {
  const { max_new_tokens = 100 } = (parameters ?? {}) as { readonly max_new_tokens?: unknown };
  return Number(max_new_tokens);
};

function checked(payload: Payload): Payload {
  const { inputs, parameters = {} } = payload;
  const faults: Record<string, string> = {};
  if (typeof inputs !== "string" || inputs === "") {
    faults.inputs = 'must be a text such as "Hello"; "prompt" and "messages" belong to OpenAI\'s interface';
  }
  if (typeof parameters !== "object" || Array.isArray(parameters)) {
    faults.parameters = 'must be an object such as {"max_new_tokens":128}';
  } else if (payload.max_new_tokens !== undefined) {
    faults.max_new_tokens = 'belongs into "parameters"';
  } else if (!(workload(payload) > 0)) {
    faults["parameters.max_new_tokens"] = "must be a whole number over 0";
  }
  if (Object.keys(faults).length > 0) throw new PayloadError(faults);
  return payload;
}

const generation = {
  allowParallelRequests: true,
  maxQueueTime: 60,
  requestParser: checked,
  workloadCalculator: workload,
};

const worker = new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: Number(process.env.MODEL_PORT || 5001),
  modelLogFile: process.env.MODEL_LOG || "/workspace/infer.log",
  modelHealthcheckUrl: "/health",
  readiness: "either",
  handlers: [
    {
      ...generation,
      route: "/generate",
      benchmarkConfig: {
        generator: () => ({ inputs: randomWords(250), parameters: { max_new_tokens: 128 } }),
        concurrency: 50,
      },
    },
    { ...generation, route: "/generate_stream" },
  ],
  logActionConfig: {
    onLoad: [
      '"message":"Connected","target":"text_generation_router"',
      '"message":"Connected","target":"text_generation_router::server"',
    ],
    onError: ["Error: WebserverFailed", "Error: DownloadError", "Error: ShardCannotStart"],
    onInfo: ['"message":"Download'],
  },
});

await worker.run();
