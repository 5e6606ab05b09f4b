import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRecording } from "../../src/inspector/recorder/recording.js";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { SessionClient } from "../support/session-client.js";
import { WorkerFixture } from "../support/worker-fixture.js";

describeInBrowser("the page shows the past of a worker", () => {
  let browser: Browser;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    [browser, fixture] = await Promise.all([
      launchBrowser(),
      WorkerFixture.start({ config: { inspect: true } }),
    ]);
    await fixture.modelFails();
    await fixture.modelLoads();
    await fixture.post("/alive");
    await (await SessionClient.open(fixture)).ask("end");
  });
  afterAll(async () => {
    await browser?.close();
    await fixture.stop();
  });

  async function logPage(): Promise<InspectorPage> {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    await inspector.tab("Log").click();
    await inspector.rows.first().waitFor();
    return inspector;
  }

  /** Goes back to when the worker was errored. */
  async function lookBack(inspector: InspectorPage): Promise<void> {
    const { page } = inspector;
    await page.getByLabel("Filter by event").fill("model.failed");
    await inspector.rows.filter({ hasText: "errored" }).first().click();
    await page.getByRole("button", { name: "Look back to here" }).click();
    await inspector.tab("Machine").click();
  }

  describe("the log", () => {
    test("shows the events whose name has the given part, or fits a pattern", async () => {
      const inspector = await logPage();
      const { page } = inspector;
      const shown = (): Promise<string[]> => inspector.rows.locator(".log-event").allTextContents();
      const box = page.getByLabel("Filter by event");
      await box.fill("MODEL.FAILED");
      await inspector.eventually(async () => expect(await shown()).toEqual(["model.failed"]));
      await box.fill("/^log\\.(failed|loaded)$/");
      await inspector.eventually(async () =>
        expect(await shown()).toEqual(["log.loaded", "log.failed", "log.loaded"]),
      );
      await box.fill("no such event");
      await page.getByText("Nothing that is kept passes the filter.").waitFor();
      await box.fill("/(/");
      await page.getByRole("alert").filter({ hasText: "Invalid regular expression" }).waitFor();
    });

    test("shows what an actor sent and got", async () => {
      const inspector = await logPage();
      await inspector.actor("model").click();
      await inspector.page.getByLabel("only model").check();
      await inspector.eventually(async () => {
        const ways = await inspector.rows.locator(".log-way").allTextContents();
        expect(ways).toContain("log → model");
        expect(ways).toContain("model → worker");
        expect(ways.filter((way) => !way.includes("model"))).toEqual([]);
      });
    });

    test("is searched in its payloads", async () => {
      const inspector = await logPage();
      await inspector.page.getByLabel("Search in payloads").fill("traceback (most recent");
      await inspector.eventually(async () => {
        const events = await inspector.rows.locator(".log-event").allTextContents();
        expect(events).toContain("log.failed");
        expect(events).not.toContain("log.loaded");
      });
      await inspector.rows.filter({ hasText: "log.failed" }).click();
      const details = inspector.page.getByTestId("details");
      await details.getByText("Traceback (most recent call last):").first().waitFor();
    });

    test("shows errors only, which are pinned in a tab of their own", async () => {
      const inspector = await logPage();
      await inspector.page.getByLabel("errors only").check();
      await inspector.eventually(async () => {
        const events = await inspector.rows.locator(".log-event").allTextContents();
        expect(events.length).toBeGreaterThan(0);
        expect(events.filter((event) => !["warn", "error", "fatal"].includes(event))).toEqual([]);
      });
      await inspector.tab("Errors").click();
      await inspector.page.getByRole("list", { name: "Errors" }).getByText("model log").first().waitFor();
    });

    test("stays as it is while it is paused, counts the waiting events, and catches up", async () => {
      const inspector = await logPage();
      const { page, pauseButton } = inspector;
      await page.getByLabel("Filter by event").fill("request success");
      const count = (): Promise<string | null> => page.getByTestId("log-count").textContent();
      await pauseButton.click();
      const shown = async () => ({ count: await count(), rows: await inspector.rows.count() });
      const before = await inspector.settled(shown);
      for (let n = 0; n < 3; n += 1) await fixture.post("/alive");
      await inspector.eventually(async () =>
        // Of each request there are its arrival, its grant and its end at least.
        expect(
          Number(/^Resume · ([\d,]+) new$/.exec((await pauseButton.textContent()) ?? "")?.[1]),
        ).toBeGreaterThan(9),
      );
      expect(await inspector.settled(shown)).toEqual(before);
      await pauseButton.click();
      await inspector.eventually(async () => expect(await inspector.rows.count()).toBe(before.rows + 3));
      await inspector.eventually(async () => expect(await pauseButton.textContent()).toBe("Pause"));
    });
  });

  describe("a user who looks at the past", () => {
    test("sees the states of that time and a notice that they are past, and returns to now", async () => {
      const inspector = await logPage();
      const { page } = inspector;
      await lookBack(inspector);
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["errored"]));
      await inspector.eventually(async () => expect(await inspector.workerState()).toBe("errored"));
      await inspector.eventually(async () =>
        expect(await page.getByTestId("past").textContent()).toContain("Looking back to"),
      );
      await inspector.eventually(async () =>
        expect(await page.locator(".edge.taken").count()).toBeGreaterThan(0),
      );

      await page.getByRole("button", { name: "Now", exact: true }).click();
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
      await inspector.eventually(async () => expect(await inspector.workerState()).toBe("ready"));
      await inspector.eventually(async () => expect(await page.getByTestId("past").count()).toBe(0));
    });

    test("goes step by step, or along the whole of what is kept", async () => {
      const inspector = await logPage();
      const { page } = inspector;
      await lookBack(inspector);
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["errored"]));
      await page.getByRole("button", { name: "One record back" }).click();
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
      await page.getByRole("button", { name: "One record on" }).click();
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["errored"]));
      const slider = page.getByRole("slider", { name: "Look back" });
      await slider.fill("0");
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["loading"]));
      await slider.press("ArrowRight");
      await inspector.eventually(async () => expect(await page.getByTestId("past").count()).toBe(1));
      await page.keyboard.press("Escape");
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
    });
  });

  describe("a recording", () => {
    test("is what the page held, and is shown read-only until one goes back to the worker", async () => {
      const inspector = await logPage();
      const { page } = inspector;
      await inspector.pauseButton.click();
      const state = async () => ({
        count: await page.getByTestId("log-count").textContent(),
        // A banner takes room for some rows.
        rows: (await inspector.rows.allTextContents()).slice(-20),
        actors: await page.getByRole("treeitem").locator(".tree-id").allTextContents(),
      });
      const held = await inspector.settled(state);
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export" }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toMatch(/^tsworker-[\dTZ.-]+\.ndjson$/);
      const file = await download.path();
      const recording = parseRecording(await readFile(file, "utf8"));
      const numbers = recording.ticks.flatMap(({ records }) => records.map(({ n }) => n));
      expect(numbers.length).toBe(Number(held.count?.replaceAll(",", "")));

      const choosing = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Import" }).click();
      await (await choosing).setFiles(file);
      await page.getByText(/^Recording .*, read-only$/).waitFor();
      await inspector.eventually(async () => expect(await state()).toEqual(held));
      await inspector.eventually(async () => expect(await inspector.pauseButton.isDisabled()).toBe(true));
      await fixture.post("/alive");
      expect(await inspector.settled(state)).toEqual(held);
      await inspector.tab("Machine").click();
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));

      await page.getByRole("button", { name: "Back to live" }).click();
      await inspector.isLive();
      await inspector.tab("Log").click();
      await inspector.eventually(async () => expect((await state()).count).not.toBe(held.count));
      await inspector.eventually(async () => expect(await page.getByText("read-only").count()).toBe(0));
    });

    test.each([
      ["hello", "line 1: expected a frame as JSON, got"],
      ["", "line 1: expected a recording's first frame, got nothing"],
      ['{"type":"hello","format":2}\n', "line 1: expected a hello frame of format 1"],
    ])("that is invalid, %j, changes nothing, and the page shows the error", async (text, reason) => {
      const inspector = await logPage();
      const { page } = inspector;
      await page.getByLabel("Recording to open").setInputFiles({
        name: "recording.ndjson",
        mimeType: "application/x-ndjson",
        buffer: Buffer.from(text),
      });
      const alert = page.getByRole("alert");
      await alert.filter({ hasText: `recording.ndjson is no recording: ${reason}` }).waitFor();
      await inspector.eventually(async () => expect(await inspector.connection.textContent()).toBe("live"));
      await alert.getByRole("button", { name: "Dismiss" }).click();
      await alert.waitFor({ state: "detached" });
    });
  });
});
