import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { InspectFeed } from "../support/inspect-feed.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";

describeInBrowser("the page of a feed in the hands of the test", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  /** A worker that is loading, and the page that shows it. */
  async function loading(): Promise<{ feed: InspectFeed; inspector: InspectorPage }> {
    const feed = await InspectFeed.start({ token: "right" });
    onTestFinished(() => feed.stop());
    feed.actor("worker", "worker", undefined, "loading");
    feed.tick();
    const inspector = await InspectorPage.live(browser, new URL(feed.url).origin, { query: "?token=right" });
    return { feed, inspector };
  }

  /** The worker has loaded, was measured, and is ready. */
  function becomeReady(feed: InspectFeed): void {
    feed.event("worker", "model.loaded", { sender: "model", state: "benchmarking", context: { maxPerf: 0 } });
    feed.event("worker", "xstate.done.actor.benchmark", { state: "ready", context: { maxPerf: 120 } });
    feed.tick();
  }

  /** Waits until the log has so many records. */
  const counts = (inspector: InspectorPage, records: number): Promise<void> =>
    inspector.eventually(async () =>
      expect(await inspector.page.getByTestId("log-count").textContent()).toBe(`${records}`),
    );

  test("comes back when the connection was lost, and has missed nothing", async () => {
    const { feed, inspector } = await loading();
    for (const socket of feed.pages) socket.terminate();
    becomeReady(feed);
    await inspector.eventually(async () => expect(await inspector.workerState()).toBe("ready"));
    await inspector.tab("Log").click();
    await counts(inspector, 3);
  });

  test("shows the flows of a fair queue, and none of another one", async () => {
    const { feed, inspector } = await loading();
    const { page } = inspector;
    feed.actor("queue.serial", "queue", "worker");
    const now = Date.now();
    const ticket = { id: "a-1", workload: 10, at: now, flow: "alice" };
    const lane = { ref: "queue.serial", running: [ticket], waiting: [] };
    feed.update({
      ...feed.row("queue.serial"),
      lane: { waiting: 4, running: 1, limit: 1, oldestAt: now },
    });
    const flows = [
      { name: "greedy", waiting: 1234, running: 0, ahead: 5 },
      { name: "alice", waiting: 0, running: 1, ahead: 0 },
      { name: "", waiting: 0, running: 1, ahead: 0 },
    ];
    feed.tick({ lanes: [{ ...lane, flows, flowsLeftOut: 7 }] });
    await inspector.actor("queue.serial").click();
    const region = page.getByRole("region", { name: "Flows" });
    await inspector.eventually(async () => {
      const rows = await region.locator("tbody tr").allTextContents();
      expect(rows.map((row) => row.replaceAll(/\s+/g, " "))).toEqual([
        expect.stringMatching(/^greedy1,23405/),
        expect.stringMatching(/^alice01/),
        expect.stringMatching(/^none01/),
      ]);
    });
    await region.getByText("7 more flows").waitFor();
    expect(await page.getByTitle("a-1, API key alice").count()).toBe(1);
    feed.tick({ lanes: [lane] });
    await inspector.eventually(async () => expect(await region.count()).toBe(0));
  });

  test("shows how many events were not recorded", async () => {
    const { feed, inspector } = await loading();
    feed.tick({ leftOut: { worker: 1234 } });
    await inspector.tab("Log").click();
    await inspector.page.getByText("1,234 more were not recorded").waitFor();
  });

  test("shows what an event changed in its actor's context", async () => {
    const { feed, inspector } = await loading();
    becomeReady(feed);
    await inspector.tab("Log").click();
    await inspector.page.getByRole("option", { name: "xstate.done.actor.benchmark" }).click();
    await inspector.eventually(async () => {
      const details = await inspector.page.getByTestId("details").textContent();
      expect(details).toMatch(/benchmarking → ready/);
      expect(details).toMatch(/maxPerf0120/);
    });
  });

  test("goes through the log by keys, wherever one is", async () => {
    const { feed, inspector } = await loading();
    becomeReady(feed);
    const { page } = inspector;
    await page.keyboard.press("2");
    await counts(inspector, 3);
    for (const [key, event] of [
      ["k", "xstate.done.actor.benchmark"],
      ["k", "model.loaded"],
      ["j", "xstate.done.actor.benchmark"],
      ["Home", "xstate.init"],
      ["End", "xstate.done.actor.benchmark"],
    ] as const) {
      await page.keyboard.press(key);
      await page.getByTestId("details").getByRole("heading", { name: event, exact: true }).waitFor();
    }
  });
});
