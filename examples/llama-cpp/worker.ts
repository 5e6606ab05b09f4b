import { type Payload, Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";
import type { OpenaiRoute } from "../openai/route.js";
import { tokenLimit } from "../openai/text-routes.js";

/** What may go before a line of llama.cpp: a time and a level. */
const TIME = String.raw`^(?:[\d.]+ [A-Z] )?`;
/** The same, and the function that writes it. */
const PREFIX = String.raw`${TIME}(?:srv +)?\w+: `;

/** In completions of 500 tokens, which llama.cpp limits by `n_predict`. */
const generated = ({ n_predict, max_tokens }: Payload): number =>
  tokenLimit({ max_tokens: n_predict ?? max_tokens }) / 500;

/** Nothing is generated: the least workload. */
const nothing = (): number => 0;

/** Routes that the server has besides those of OpenAI's interface. */
const routes: readonly OpenaiRoute[] = [
  {
    route: "/v1/responses",
    size: ({ max_output_tokens }) => tokenLimit({ max_tokens: max_output_tokens }) / 500,
  },
  { route: "/v1/messages", size: generated },
  { route: "/v1/messages/count_tokens", size: nothing },
  { route: "/completion", size: generated },
  { route: "/infill", size: generated },
  { route: "/tokenize", size: nothing },
  { route: "/detokenize", size: nothing },
  { route: "/apply-template", size: nothing },
];

const worker = new Worker(
  openaiConfig({
    program: "llama",
    // `server is listening on` comes too early: the model still loads.
    loaded: new RegExp(`${PREFIX}model loaded$`),
    failed: [
      new RegExp(
        `${PREFIX}(?:error loading model|failed to load model|failed to create context|exiting due to)\\b`,
      ),
      new RegExp(`${TIME}error: (?:invalid argument|the supplied chat template is not supported)\\b`),
    ],
    routes,
    openRoutes: [{ route: "/v1/models" }],
  }),
);

await worker.run();
