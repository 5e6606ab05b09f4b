import type { Family } from "./family.js";
import { histogramSamples } from "./family.js";
import { Histogram } from "./histogram.js";
import type { RouteMetrics } from "./route-metrics.js";

// The buckets of OpenTelemetry's conventions for generative AI.
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);
const REQUEST_SECONDS = Array.from({ length: 14 }, (_, power) => 2 ** power / 100);
const FIRST_TOKEN_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const OUTPUT_TOKEN_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

/** Tokens of one request, as its answer reports them. */
export interface TokenUsage {
  readonly input: number | undefined;
  readonly output: number | undefined;
}

/** The moments of an answer, in milliseconds of `performance.now()`. */
export interface AnswerTimes {
  /** Arrival of the request. */
  readonly arrivedAt: number;
  /** First piece of a stream; undefined for an answer that is no stream. */
  readonly firstAt: number | undefined;
  readonly endedAt: number;
}

/** What the answers of a route generate, by OpenTelemetry's conventions for generative AI. */
export class GenerationMetrics {
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  readonly inputTokens = new Histogram(TOKENS);
  readonly outputTokens = new Histogram(TOKENS);
  readonly duration = new Histogram(REQUEST_SECONDS);
  readonly timeToFirstToken = new Histogram(FIRST_TOKEN_SECONDS);
  readonly timePerOutputToken = new Histogram(OUTPUT_TOKEN_SECONDS);

  constructor(operation: string) {
    this.operation = operation;
  }

  /** An answer that is no error has ended. @param usage undefined: it reports none. */
  ended(usage: TokenUsage | undefined, { arrivedAt, firstAt, endedAt }: AnswerTimes): void {
    this.duration.observe((endedAt - arrivedAt) / 1000);
    if (firstAt !== undefined) this.timeToFirstToken.observe((firstAt - arrivedAt) / 1000);
    const { input, output } = usage ?? {};
    if (input !== undefined) this.inputTokens.observe(input);
    if (output === undefined) return;
    this.outputTokens.observe(output);
    if (firstAt !== undefined && output > 1)
      this.timePerOutputToken.observe((endedAt - firstAt) / 1000 / (output - 1));
  }
}

type Routes = readonly RouteMetrics[];
type Series = readonly (readonly [labels: Readonly<Record<string, string>>, values: Histogram])[];

const histogram = (
  name: string,
  help: string,
  of: (metrics: GenerationMetrics) => Series,
): Family<Routes> => ({
  name,
  type: "histogram",
  help,
  read: (routes) =>
    routes.flatMap(({ route, generation }) =>
      generation === undefined
        ? []
        : of(generation).flatMap(([own, values]) => {
            const labels = { route, gen_ai_operation_name: generation.operation, ...own };
            return histogramSamples(name, labels, values);
          }),
    ),
});

/** The metrics of each route that generates. */
export const generationFamilies: readonly Family<Routes>[] = [
  histogram(
    "gen_ai_client_token_usage",
    "Tokens of a request, as its answer reports them: input of the prompt, output of the answer.",
    ({ inputTokens, outputTokens }) => [
      [{ gen_ai_token_type: "input" }, inputTokens],
      [{ gen_ai_token_type: "output" }, outputTokens],
    ],
  ),
  histogram(
    "gen_ai_server_request_duration_seconds",
    "Seconds from a request's arrival to the end of the model's answer, of answers that were no errors.",
    ({ duration }) => [[{}, duration]],
  ),
  histogram(
    "gen_ai_server_time_to_first_token_seconds",
    "Seconds from a request's arrival to the first piece of a streamed answer.",
    ({ timeToFirstToken }) => [[{}, timeToFirstToken]],
  ),
  histogram(
    "gen_ai_server_time_per_output_token_seconds",
    "Seconds per output token after the first one, of streamed answers that report their tokens.",
    ({ timePerOutputToken }) => [[{}, timePerOutputToken]],
  ),
];
