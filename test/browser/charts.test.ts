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

  test.each([1440, 390])(
    "have no text below 11 pixels at the default zoom, %i pixels wide",
    async (width) => {
      const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, {
        viewport: { width, height: 844 },
      });
      const { page } = inspector;
      for (const id of ["worker", "model", "reporter.status"]) {
        await inspector.actor(id).click();
        await page.getByRole("region", { name: `Picture of ${id.split(".")[0]}` }).waitFor();
        await page.locator(".picture [data-state].lit").first().waitFor();
        const sizes = await page.locator(".picture text").evaluateAll((texts) =>
          texts.map((text) => {
            const svg = text.closest("svg");
            const scale = (svg?.getBoundingClientRect().width ?? 0) / (svg?.viewBox.baseVal.width ?? 1);
            return Number.parseFloat(getComputedStyle(text).fontSize) * scale;
          }),
        );
        expect(sizes.length).toBeGreaterThan(5);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11);
      }
      await inspector.actor("model").click();
      await inspector.eventually(async () =>
        expect(await extent(inspector)).toMatchObject({ scrolls: true }),
      );
    },
  );

  /** Whether the frame scrolls, and the factor by which the chart is enlarged. */
  const extent = ({ page }: InspectorPage): Promise<{ scrolls: boolean; scale: number }> =>
    page.locator(".chart-frame").evaluate((frame) => {
      const svg = frame.querySelector("svg");
      return {
        scrolls: frame.scrollWidth > frame.clientWidth || frame.scrollHeight > frame.clientHeight,
        scale: (svg?.getBoundingClientRect().width ?? 0) / (svg?.viewBox.baseVal.width ?? 1),
      };
    });

  /** Whether an element of the chart is in view within the frame. */
  const isInView = ({ page }: InspectorPage, selector: string): Promise<boolean> =>
    page.locator(selector).evaluate((element) => {
      const outer = element.closest(".chart-frame")?.getBoundingClientRect();
      const inner = element.getBoundingClientRect();
      return (
        outer !== undefined &&
        inner.left >= outer.left &&
        inner.right <= outer.right &&
        inner.top >= outer.top &&
        inner.bottom <= outer.bottom
      );
    });

  test("follow the active state, and show the last transitions as a trail", async () => {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, {
      viewport: { width: 1000, height: 560 },
    });
    const { page } = inspector;
    const trail = page.getByRole("list", { name: "Last transitions" }).getByRole("button");
    const isShown = (state: string): Promise<unknown> =>
      inspector.eventually(async () => {
        expect(await inspector.lit()).toEqual([state]);
        expect(await isInView(inspector, `.picture [data-state="${state}"]`)).toBe(true);
      });
    await isShown("ready");
    await fixture.modelFails();
    await isShown("errored");
    await inspector.eventually(async () =>
      expect(await trail.first().textContent()).toMatch(/^1model\.failed→ errored/),
    );
    await fixture.modelLoads();
    await isShown("ready");
    await inspector.eventually(async () =>
      expect((await trail.allTextContents()).join(" ")).toMatch(/^1.*→ ready.* \dmodel\.failed→ errored/),
    );
    expect(await trail.count()).toBeLessThanOrEqual(5);
    const badges = await page.locator(".trail-badge text").allTextContents();
    expect(badges).toEqual(expect.arrayContaining([expect.stringMatching(/^1/), expect.stringMatching(/2/)]));
    expect(await page.locator(".picture .edge.trail").count()).toBeGreaterThan(1);

    // Each leads to its moment.
    await trail.filter({ hasText: "→ errored" }).first().click();
    await isShown("errored");
    await inspector.eventually(async () =>
      expect(await trail.first().textContent()).toMatch(/^1model\.failed→ errored/),
    );
    await page.keyboard.press("Escape");
    await isShown("ready");
  });

  test("stay where the user has scrolled, show the whole, and come back to the active states", async () => {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, {
      viewport: { width: 1000, height: 560 },
    });
    const { page } = inspector;
    await page.locator(".picture [data-state].lit").first().waitFor();
    await page.getByRole("button", { name: "whole" }).click();
    await inspector.eventually(async () => expect((await extent(inspector)).scrolls).toBe(false));
    expect((await extent(inspector)).scale).toBeLessThan(1);
    await page.getByRole("button", { name: "active", exact: true }).click();
    await inspector.eventually(async () => expect((await extent(inspector)).scale).toBeGreaterThanOrEqual(1));
    expect(await isInView(inspector, '.picture [data-state="ready"]')).toBe(true);
    const frame = page.locator(".chart-frame");
    const top = (): Promise<number> => frame.evaluate(({ scrollTop }) => scrollTop);
    const before = await top();
    await frame.hover();
    await page.mouse.wheel(0, -2000);
    await inspector.eventually(async () => expect(await top()).toBe(0));
    expect(before).toBeGreaterThan(0);
    await fixture.post("/serial");
    await inspector.actor("worker").click();
    expect(await top()).toBe(0);
  });

  test("are searched for states and events, and explained", async () => {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, {
      viewport: { width: 1000, height: 560 },
    });
    const { page } = inspector;
    await inspector.actor("model").click();
    await page.locator(".picture [data-state].lit").first().waitFor();
    await page.keyboard.press("f");
    const field = page.getByRole("searchbox", { name: "Find a state or an event" });
    await inspector.eventually(async () =>
      expect(await field.evaluate((it) => it.matches(":focus"))).toBe(true),
    );
    const found = page.locator(".chart-search output");
    const names = await page.locator(".picture .title, .picture .line[data-edge]").allTextContents();
    for (const text of ["LOG.LOADED", "waiting"]) {
      const count = names.filter((name) => name.includes(text.toLowerCase())).length;
      expect(count).toBeGreaterThan(1);
      await field.fill(text);
      for (let place = 1; place <= count; place++) {
        await inspector.eventually(async () =>
          expect(await found.textContent()).toBe(`${place} of ${count}`),
        );
        expect(await isInView(inspector, ".picture .found.shown")).toBe(true);
        await field.press("Enter");
      }
      await inspector.eventually(async () => expect(await found.textContent()).toBe(`1 of ${count}`));
    }
    await field.fill("no such state");
    await inspector.eventually(async () => expect(await found.textContent()).toBe("none"));
    await field.press("Escape");
    await inspector.eventually(async () => expect(await page.locator(".picture .found").count()).toBe(0));

    const legend = page.getByText("a state; highlighted: it is active");
    expect(await legend.isVisible()).toBe(false);
    await page.getByText("legend", { exact: true }).click();
    await legend.waitFor();
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
