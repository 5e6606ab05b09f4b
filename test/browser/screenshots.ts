/**
 * Makes the pictures of `docs/inspector`: a simulated model, a real worker, clients with various requests, and
 * the inspector's page in a browser. `npm run screenshots` takes about two minutes and needs Debian's `chromium-headless-shell`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { Engine } from "../../src/engine/index.js";
import { setup as build } from "../support/build.js";
import { ask } from "../support/http-client.js";
import { launchBrowser } from "../support/launch-browser.js";
import { simulatedVllm } from "../support/simulated-vllm.js";
import { WorkerProcess } from "../support/worker-process.js";

const FOLDER = fileURLToPath(new URL("../../docs/inspector/", import.meta.url));
/** Milliseconds of traffic before the first picture, so that the charts have something to show. */
const WARM_UP_MS = 75_000;
/** Milliseconds after which nothing moves any more that was set off by hand. */
const SETTLE_MS = 600;

await build();
const directory = await mkdtemp(join(tmpdir(), "tsworker-screenshots-"));
const modelLogFile = join(directory, "model.log");
const model = simulatedVllm({ logFile: modelLogFile, tokensPerSecond: 60, jitter: 0.3 });
const engine = new Engine({ endpoint: "docs", apiKey: "key" });
const modelUrl = await model.start();
const worker = await WorkerProcess.start({
  directory,
  engineUrl: await engine.start(),
  config: {
    inspect: true,
    modelServerUrl: "http://127.0.0.1",
    modelServerPort: Number(new URL(modelUrl).port),
    modelLogFile,
    logActionConfig: { onLoad: ["Application startup complete."], onError: ["Traceback"] },
    maxSessions: 20,
    handlers: [
      {
        route: "/v1/completions",
        queue: "generate",
        concurrency: 6,
        maxQueueTime: null,
        workloadCalculator: "maxTokens",
        benchmarkConfig: {
          dataset: [{ prompt: "Why is the sea salty?", max_tokens: 32 }],
          runs: 2,
          concurrency: 6,
        },
      },
      {
        route: "/v1/chat/completions",
        allowParallelRequests: true,
        maxQueueTime: 30,
        workloadCalculator: "maxTokens",
      },
    ],
  },
});
let isOver = false;
const authData = (cost: number) => engine.authData({ url: worker.url, cost });
const within = (least: number, most: number): number => Math.round(least + Math.random() * (most - least));

/** Sends requests in a loop; `restMs` returns the pause before the next one. */
async function client(once: () => Promise<unknown>, restMs: () => number): Promise<void> {
  while (!isOver) {
    await once().catch(() => {});
    await pause(restMs());
  }
}

function complete(signal?: AbortSignal): Promise<unknown> {
  const max_tokens = within(8, 90);
  const body = {
    auth_data: authData(max_tokens),
    payload: { prompt: "Why is the sea salty?", max_tokens, stream: true },
  };
  return ask(`${worker.url}/v1/completions`, { body, ...(signal && { signal }) });
}

function chat(): Promise<unknown> {
  const max_tokens = within(10, 120);
  const messages = [{ role: "user", content: "Tell me about light and stone." }];
  const body = { auth_data: authData(max_tokens), payload: { messages, max_tokens, stream: true } };
  return ask(`${worker.url}/v1/chat/completions`, { body });
}

const open = (): Promise<unknown> =>
  ask(`${worker.url}/session/create`, {
    body: { auth_data: authData(1), payload: { lifetime: within(40, 90) } },
  });

// The crowd comes and goes in waves of half a minute.
const tide = (): number => 150 + 1200 * (1 + Math.sin(Date.now() / 5000)) * Math.random();
const clients = [
  ...Array.from({ length: 18 }, () => client(() => complete(), tide)),
  ...Array.from({ length: 5 }, () => client(chat, tide)),
  client(
    () => complete(AbortSignal.timeout(within(100, 700))),
    () => within(1500, 4000),
  ),
  client(
    () => ask(`${worker.url}/v1/completions`, { body: {} }),
    () => within(6000, 9000),
  ),
  client(open, () => within(5000, 9000)),
];
await Promise.all([open(), open(), open()]);
await pause(WARM_UP_MS);

const browser = await launchBrowser();
const page = await browser.newPage({
  viewport: { width: 1280, height: 800 },
  colorScheme: "light",
  locale: "en-GB",
  timezoneId: "UTC",
});
const shoot = async (name: string): Promise<void> => {
  await page.mouse.move(700, 20);
  await pause(SETTLE_MS);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
};
const show = (name: string): Promise<void> => page.getByRole("tab", { name }).click();
const choose = (id: string): Promise<void> => page.locator(`.tree-id[title="${id}"]`).click();

await page.goto(`${worker.localUrl}/inspect`);
await page.locator("[data-state].lit").first().waitFor();
await shoot("machine");
await choose("queue.generate");
await isCrowded(page);
await shoot("queue");
await show("Log");
await page.getByRole("option").filter({ hasText: "request.arrived" }).last().click();
await shoot("log");
await page.keyboard.press("Escape");
await choose("edge");
await show("Sequence");
await shoot("sequence");
await show("Requests");
await page
  .locator("tbody tr")
  .filter({ hasText: /success200\d{3} ms/ })
  .first()
  .getByRole("button")
  .click();
await page.getByRole("button", { name: "Close the details" }).click();
await shoot("requests");
await show("Charts");
await shoot("charts");
await choose("queue.generate");
await show("Machine");
await page.emulateMedia({ colorScheme: "dark" });
await isCrowded(page);
await shoot("queue-dark");

await browser.close();
isOver = true;
await Promise.all(clients);
await worker.stop();
await Promise.all([engine.stop(), model.stop()]);
await rm(directory, { recursive: true });

/** Waits until some wait in the lane that is shown. */
async function isCrowded(shown: Page): Promise<void> {
  await shown.locator(".lanes-waiting").nth(5).waitFor();
}
