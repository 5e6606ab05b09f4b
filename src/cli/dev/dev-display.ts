import { printEvent } from "../call/print-event.js";
import { LoadScreen } from "../load/load-screen.js";
import { type DevStack, devAddresses, devRows, stateWords } from "./dev-view.js";

const REDRAW_MS = 250;

/** Shows how a worker in development is doing. @returns what ends that. */
export function showDev(stack: DevStack): () => void {
  return process.stdout.isTTY ? drawn(stack) : printed(stack);
}

/** One screen of status below the addresses, drawn anew all the time. */
function drawn(stack: DevStack): () => void {
  const screen = new LoadScreen(process.stdout);
  const draw = (): void => screen.draw(devRows(stack));
  // A screen of another width is drawn from its first line on.
  const begin = (): void => {
    screen.clear();
    printAddresses(stack);
    draw();
  };
  begin();
  process.stdout.on("resize", begin);
  const timer = setInterval(draw, REDRAW_MS);
  return () => {
    clearInterval(timer);
    process.stdout.off("resize", begin);
    screen.clear();
  };
}

/** A line for each thing that happens. */
function printed(stack: DevStack): () => void {
  const { engine, endpoint, model, otherModel, worker, title } = stack;
  printEvent("engine", `${engine.url}  endpoint ${endpoint}`);
  printEvent("model", model === undefined ? otherModel : `${model.url}  simulated ${model.kind}`);
  printEvent("worker", title);
  printAddresses(stack);
  // What the worker itself tells of its state is in its output.
  worker.on("state", (state) => {
    if (state.kind !== "running" || state.state === "starting") printEvent("worker", stateWords(state));
  });
  worker.on("line", ({ text, state }) => printEvent(state === undefined ? "output" : "worker", text));
  engine.on("routed", ({ request_idx, cost }) =>
    printEvent("routed", `request ${request_idx}  cost ${cost}`),
  );
  engine.on("unrouted", ({ request_idx, status }) => {
    printEvent("no worker", `request ${request_idx}  ${status}`);
  });
  engine.on("ended", (ended) => {
    for (const { request_idx, status } of ended) printEvent("ended", `request ${request_idx}  ${status}`);
  });
  return () => {};
}

function printAddresses(stack: DevStack): void {
  console.log(`\n${devAddresses(stack).join("\n")}\n`);
}
