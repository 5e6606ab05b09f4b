import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { reportPage } from "../../../src/load/report-page.js";
import { describeInBrowser } from "../../support/describe-in-browser.js";
import { launchBrowser } from "../../support/launch-browser.js";
import { loadResult } from "../../support/load-result.js";

describeInBrowser("the page of a report, in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(() => browser.close());

  /** The page as a person opens it: a file. */
  async function opened(colorScheme: "light" | "dark", width = 1280) {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-load-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "report.html");
    await writeFile(file, reportPage(loadResult()));
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    onTestFinished(() => page.close());
    const asked: string[] = [];
    const faults: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    const url = pathToFileURL(file).href;
    await page.goto(url);
    expect(asked).toEqual([url]);
    expect(faults).toEqual([]);
    return page;
  }

  test("has its plots, of which the lines can be seen, in light and in dark", async () => {
    const backs: string[] = [];
    for (const scheme of ["light", "dark"] as const) {
      const page = await opened(scheme);
      expect(await page.locator("figure svg").count()).toBe(6);
      expect(await page.locator("figcaption b").allTextContents()).toEqual([
        "Requests",
        "In flight",
        "Latency",
        "First byte",
        "Events",
        "Latency by percentile",
      ]);
      const line = page.locator("figure").first().locator(".line.green").first();
      const stroke = await page.evaluate('getComputedStyle(document.querySelector(".line.green")).stroke');
      expect(stroke).toMatch(/^rgb/);
      const back = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(stroke).not.toBe(back);
      expect((await line.boundingBox())?.width).toBeGreaterThan(300);
      backs.push(String(back));
    }
    expect(backs[0]).not.toBe(backs[1]);
  });

  test("shows the values of the second that is pointed at", async () => {
    const page = await opened("light");
    const slot = page.locator("figure").first().locator(".slot").nth(4);
    await slot.hover();
    expect(await slot.locator("title").textContent()).toBe("4 s\ndue: 10\nsent: 10\ndone: 9\nerrors: 1");
    const visibility = (index: number): Promise<unknown> =>
      page.evaluate(`getComputedStyle(document.querySelectorAll(".slot path")[${index}]).visibility`);
    expect(await visibility(4)).toBe("visible");
    expect(await visibility(5)).toBe("hidden");
  });

  test("is not wider than a phone", async () => {
    const page = await opened("light", 390);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  });
});
