import type { Engine } from "../../engine/index.js";
import { amountText, countText, durationText } from "../../load/result-text.js";
import type { ModelSimulator } from "../../simulator/model-simulator.js";
import { USUAL_ENGINE } from "../command/engine-flags.js";
import type { Span } from "../command/terminal.js";
import type { Rows } from "../load/load-rows.js";
import type { Sample } from "../sim/sim-kinds.js";
import type { DevWorker, DevWorkerState } from "./dev-worker.js";

/** The model that is simulated for a worker. */
interface SimulatedFor {
  readonly simulator: ModelSimulator;
  readonly url: string;
  /** As `--sim` takes it. */
  readonly kind: string;
}

/** The processes of `tsworker dev`, and what is known of the worker. */
export interface DevStack {
  readonly engine: Engine;
  readonly endpoint: string;
  readonly apiKey: string;
  /** Undefined: no model is simulated. */
  readonly model: SimulatedFor | undefined;
  /** Description of the model where none is simulated. */
  readonly otherModel: string;
  readonly worker: DevWorker;
  readonly title: string;
  /** A request to try; undefined: the worker's routes are not known. */
  readonly sample: Sample | undefined;
  /** The second port of the worker. */
  readonly inspectorPort: string;
}

const label = (text: string): Span => ({ text: `  ${text.padEnd(10)}`, style: "dim" });
const plain = (text: string): Span => ({ text, style: "none" });
const dim = (text: string): Span => ({ text, style: "dim" });

/** Describes the state of the worker. */
export function stateText(state: DevWorkerState): string {
  switch (state.kind) {
    case "running":
      return state.waitsFor === undefined ? state.state : `${state.state}, waits for ${state.waitsFor}`;
    case "restarting":
      return `restarting: ${state.changed} changed`;
    case "down":
      return `${state.reason}; starts again when its program changes`;
    case "ending":
      return `ending, ${state.graceS} s at most; Ctrl-C again stops all processes at once`;
  }
}

/** One screen of status. */
export function devRows(stack: DevStack): Rows {
  const { engine, endpoint, model, otherModel, worker, title } = stack;
  return [
    [],
    [{ text: "  tsworker dev", style: "bold" }, dim(`  ${title}  Ctrl-C stops all processes`)],
    [],
    [label("engine"), plain(`${engine.url}  endpoint ${endpoint}`)],
    model === undefined
      ? [label("model"), dim(otherModel)]
      : [label("model"), plain(`${model.url}  ${model.simulator.state}`), dim(`  ${modelText(model)}`)],
    [label("worker"), stateSpan(worker.state), dim(`  start ${countText(worker.starts)}`)],
    ...reportedRows(engine),
    [],
    ...worker.lines.map(({ text, isBad }): readonly Span[] => [
      dim("  | "),
      { text, style: isBad ? "red" : "dim" },
    ]),
  ];
}

function modelText({ simulator: { stats }, kind }: SimulatedFor): string {
  return `simulated ${kind}: ${stats.running} running, ${stats.completed} done`;
}

function stateSpan(state: DevWorkerState): Span {
  const text = stateText(state);
  if (state.kind === "down" || text === "errored") return { text, style: "red" };
  return { text, style: text === "ready" ? "green" : "yellow" };
}

/** Queue and requests, as reported to the engine. */
function reportedRows({ workers, totals }: Engine): Rows {
  const [view] = workers;
  const { Success, Error: failed, Cancelled, Rejected } = totals.ended;
  const queue =
    view === undefined
      ? "nothing reported yet"
      : `${amountText(view.load)} of workload, capacity ${amountText(view.capacity)}/s, ${
          Number.isFinite(view.expectedQueue)
            ? `wait ${durationText(view.expectedQueue * 1000)}`
            : "no wait known"
        }`;
  return [
    [label("queue"), plain(queue)],
    [
      label("requests"),
      plain(`${countText(totals.requested)} routed, ${countText(Success)} succeeded`),
      { text: `, ${countText(failed)} failed`, style: failed > 0 ? "red" : "none" },
      plain(`, ${countText(Cancelled)} cancelled, ${countText(Rejected)} rejected`),
    ],
  ];
}

/** Commands to try the worker, and the inspector's address. */
export function devAddresses({
  engine,
  endpoint,
  apiKey,
  sample,
  inspectorPort,
}: DevStack): readonly string[] {
  const inspector = ["# the inspector", `http://127.0.0.1:${inspectorPort}/inspect`];
  if (sample === undefined) return inspector;
  const payload = JSON.stringify(sample.payload);
  const routing = JSON.stringify({ endpoint, api_key: apiKey, cost: sample.cost });
  const at = engine.url === USUAL_ENGINE ? "" : ` --engine-url ${engine.url}`;
  const body = `{"auth_data":'"$AUTH"',"payload":${payload}}`;
  return [
    "# one request through the engine",
    `npx tsworker call ${sample.route} '${payload}'${at}`,
    "# the same in two: the engine names the worker, and the worker answers",
    `AUTH=$(curl -s ${engine.url}/route/ -H 'content-type: application/json' -d '${routing}')`,
    `curl -s "$(echo "$AUTH" | sed 's/.*"url":"\\([^"]*\\)".*/\\1/')${sample.route}" -d '${body}'`,
    ...inspector,
  ];
}
