import { setTimeout as pause } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { open } from "../support/http-client.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { type ModelRequest, plain, silent } from "../support/raw-model.js";
import { startedFixture } from "../support/started-fixture.js";

describeInBrowser("the page shows the machines of a worker", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test("the lit state goes from loading over benchmarking to ready, errored, and ready again", async () => {
    const fixture = await startedFixture({
      loaded: false,
      measures: true,
      handlers: [{ route: "/measured", benchmarkConfig: { dataset: [{}], runs: 1, concurrency: 1 } }],
      config: { inspect: true },
    });
    const measurements: ModelRequest[] = [];
    fixture.model.on("/measured", (request) => void measurements.push(request));
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    const shows = (state: string): Promise<void> =>
      inspector.eventually(async () => {
        expect(await inspector.lit()).toContain(state);
        expect(await inspector.workerState()).toBe(state);
        expect(await inspector.actor("worker").textContent()).toContain(state);
      });

    await shows("loading");
    const loads = fixture.modelLoads();
    await inspector.eventually(() => expect(measurements).not.toEqual([]));
    await shows("benchmarking");
    await inspector.eventually(async () => expect(await inspector.lit()).not.toContain("loading"));
    fixture.model.on("/measured", plain());
    for (const request of measurements) await plain()(request);
    await loads;
    await shows("ready");
    await fixture.modelFails();
    await shows("errored");
    await inspector.eventually(async () => expect(await inspector.lit()).not.toContain("ready"));
    await inspector.eventually(async () =>
      expect(await page.locator(".edge.taken").count()).toBeGreaterThan(0),
    );
    await fixture.modelLoads();
    await shows("ready");
  });

  test("each actor of the tree has a picture: a chart, its lanes, or its context", async () => {
    const fixture = await startedFixture({ handlers: [{ route: "/serial" }], config: { inspect: true } });
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    for (const id of ["worker", "model", "reporter.status", "reporter.ended"]) {
      await inspector.actor(id).click();
      await page.locator(".picture svg [data-state].lit").first().waitFor();
      await inspector.eventually(async () =>
        expect(await page.getByRole("heading", { name: id, exact: true }).isVisible()).toBe(true),
      );
    }
    await inspector.actor("edge").click();
    await page.getByRole("heading", { name: "edge", exact: true }).waitFor();
    await inspector.actor("queue.serial").click();
    await page.getByRole("region", { name: "Waiting" }).waitFor();
  });

  test("a request that waits is in its lane, and leaves it with its client", async () => {
    const fixture = await startedFixture({
      handlers: [{ route: "/serial", maxQueueTime: null }],
      config: { inspect: true },
    });
    fixture.model.on("/serial", silent);
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    await inspector.actor("queue.serial").click();
    const running = page.getByRole("region", { name: "Running" }).locator(".lanes-running");
    const waiting = page.getByRole("region", { name: "Waiting" }).locator(".lanes-waiting");
    const are = (inTurn: number, behind: number): Promise<void> =>
      inspector.eventually(async () => {
        expect(await running.count()).toBe(inTurn);
        expect(await waiting.count()).toBe(behind);
        expect(await inspector.actor("queue.serial").textContent()).toContain(`${behind} · ${inTurn}/1`);
      });

    await are(0, 0);
    const clients = [1, 2, 3].map(() => new AbortController());
    for (const { signal } of clients) {
      open(`${fixture.worker.url}/serial`, { body: fixture.envelope(), signal }).catch(() => {});
      await fixture.roundTrip();
    }
    await are(1, 2);
    const names = await waiting.locator(".lanes-id").allTextContents();
    clients[1]?.abort();
    await are(1, 1);
    await inspector.eventually(async () =>
      expect(await waiting.locator(".lanes-id").allTextContents()).toEqual(names.slice(1)),
    );
    clients[0]?.abort();
    await are(1, 0);
    await inspector.eventually(async () =>
      expect(await running.locator(".lanes-id").allTextContents()).toEqual(names.slice(1)),
    );
    clients[2]?.abort();
    await are(0, 0);
  });

  test("under load it shows events, rates, and requests that have ended", async () => {
    const fixture = await startedFixture({
      handlers: [{ route: "/serial", maxQueueTime: null }],
      config: { inspect: true },
    });
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    let isOver = false;
    const clients = Array.from({ length: 8 }, async (_, index) => {
      // Some 200 requests a second in all: more show nothing else, and take the processor from the page.
      for (; !isOver; await pause(40)) await fixture.post(index % 2 === 0 ? "/serial" : "/alive");
    });
    onTestFinished(async () => {
      isOver = true;
      await Promise.allSettled(clients);
    });
    await inspector.eventually(async () =>
      expect(await inspector.actor("queue.serial").locator(".rate").textContent()).toMatch(/[1-9]/),
    );
    await inspector.tab("Requests").click();
    await inspector.eventually(async () => {
      const routes = await page.locator("tbody tr td:nth-child(3)").allTextContents();
      expect(routes).toEqual(expect.arrayContaining(["/serial", "/alive"]));
    });
    await inspector.tab("Log").click();
    const first = await inspector.rows.first().textContent();
    await inspector.eventually(async () =>
      expect(await inspector.rows.first().textContent()).not.toBe(first),
    );
    await inspector.actor("worker").click();
    await inspector.tab("Sequence").click();
    await page
      .getByRole("button", { name: /→ worker/ })
      .first()
      .waitFor();
    await inspector.tab("Charts").click();
    const throughput = page
      .locator("section")
      .filter({ has: page.getByRole("heading", { name: "Throughput" }) });
    await inspector.eventually(async () =>
      expect(await throughput.getByRole("listitem").first().textContent()).toMatch(/success.*[1-9]/),
    );
    isOver = true;
    await Promise.all(clients);
  });
});
