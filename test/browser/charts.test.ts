import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { WorkerFixture } from "../support/worker-fixture.js";

describeInBrowser("the charts of a worker's machines", () => {
  let browser: Browser;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    [browser, fixture] = await Promise.all([
      launchBrowser(),
      WorkerFixture.start({ handlers: [{ route: "/serial" }], config: { inspect: true } }),
    ]);
  });
  afterAll(() => Promise.all([browser?.close(), fixture?.stop()]));

  /** Texts in the chart, such as the names of actions. */
  const texts = ({ page }: InspectorPage): Promise<readonly string[]> =>
    page.locator(".picture text").allTextContents();

  test("show states and events, and guards and actions on demand", async () => {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    await page.locator(".picture [data-state].lit").first().waitFor();
    expect(await texts(inspector)).toEqual(expect.arrayContaining(["loading", "traffic.drained"]));
    expect((await texts(inspector)).join(" ")).not.toMatch(/entry|notify|\/ /);
    const more = page.getByRole("button", { name: "guards and actions" });
    await more.click();
    await inspector.eventually(async () => expect((await texts(inspector)).join(" ")).toMatch(/entry.*\/ /));
    expect(await inspector.lit()).toContain("ready");
    await more.click();
    await inspector.eventually(async () => expect((await texts(inspector)).join(" ")).not.toContain("entry"));
  });

  test("of a recording of another version are listed, with what is lit and was taken", async () => {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const text = await readFile(await (await downloading).path(), "utf8");
    const another = text.replaceAll("benchmarking", "measuring");
    expect(another).not.toBe(text);
    await page.getByLabel("Recording to open").setInputFiles({
      name: "another.ndjson",
      mimeType: "application/x-ndjson",
      buffer: Buffer.from(another),
    });
    await page.getByText("Another version's chart").waitFor();
    await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
    expect(await texts(inspector)).toEqual(expect.arrayContaining(["measuring", "→ measuring"]));
    await inspector.eventually(async () =>
      expect(await page.locator(".line.taken").count()).toBeGreaterThan(0),
    );
    // The chart of the model is this version's.
    await inspector.actor("model").click();
    await page.getByText("Another version's chart").waitFor({ state: "detached" });
    await page.locator(".picture .edge").first().waitFor();
  });
});
