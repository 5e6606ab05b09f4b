import { LoadScreen, printEvent } from "../command/terminal.js";
import { type DevStack, devAddresses, devRows, stateText } from "./dev-view.js";

const REDRAW_MS = 250;

/** Shows the state of a worker in development. @returns a function that stops that. */
export function showDev(stack: DevStack): () => void {
  return process.stdout.isTTY ? drawn(stack) : printed(stack);
}

/** A status screen below the addresses, redrawn at intervals. */
function drawn(stack: DevStack): () => void {
  const screen = new LoadScreen(process.stdout);
  const draw = (): void => screen.draw(devRows(stack));
  // After a change of width the screen is redrawn from its first line.
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

/** A line per event. */
function printed(stack: DevStack): () => void {
  const { engine, endpoint, model, otherModel, worker, title } = stack;
  printEvent("engine", `${engine.url}  endpoint ${endpoint}`);
  printEvent("model", model === undefined ? otherModel : `${model.url}  simulated ${model.kind}`);
  printEvent("worker", title);
  printAddresses(stack);
  // The worker's own states are in its output.
  worker.on("state", (state) => {
    if (state.kind !== "running" || state.state === "starting") printEvent("worker", stateText(state));
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
