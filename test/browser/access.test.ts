import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { freePort } from "../support/free-port.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { startedFixture } from "../support/started-fixture.js";
import { WorkerFixture } from "../support/worker-fixture.js";

const TOKEN = "a token & more";
const TABS = ["Machine", "Log", "Sequence", "Requests", "Charts", "Errors"];

describeInBrowser("a browser that inspects a worker", () => {
  let browser: Browser;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    [browser, fixture] = await Promise.all([
      launchBrowser(),
      WorkerFixture.start({ config: { inspect: true } }),
    ]);
    await fixture.modelFails();
    await fixture.modelLoads();
  });
  afterAll(async () => {
    await browser?.close();
    await fixture.stop();
  });

  describe("is connected", () => {
    test("with the worker's token alone, which does not stay in the address", async () => {
      const port = await freePort();
      await startedFixture({ config: { inspect: { port, token: TOKEN } } });
      const url = `http://127.0.0.1:${port}`;
      const inspector = await InspectorPage.open(browser, url);
      const { page } = inspector;
      const isRefused = () => page.getByText("No worker to show yet: wrong or missing token").waitFor();
      await isRefused();
      await page.goto(`${url}/inspect?token=wrong`);
      await isRefused();
      expect(page.url()).toBe(`${url}/inspect`);
      await page.goto(`${url}/inspect?token=${encodeURIComponent(TOKEN)}`);
      await inspector.isLive();
      expect(page.url()).toBe(`${url}/inspect`);
      await page.reload();
      await inspector.isLive();
    });

    test("again by itself when the worker comes back, and sees its last state until then", async () => {
      const own = await startedFixture({ config: { inspect: true } });
      const inspector = await InspectorPage.live(browser, own.worker.localUrl, {
        complaints: /WebSocket connection to .* failed/,
      });
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
      expect(await own.worker.stop()).toBe(0);
      await inspector.eventually(async () =>
        expect(await inspector.connection.textContent()).toContain("connection lost"),
      );
      expect(await inspector.page.getByTestId("worker-state").getAttribute("title")).toBe(
        "In the last frame that was received",
      );
      await inspector.eventually(async () => expect(await inspector.actor("worker").isVisible()).toBe(true));
      await inspector.eventually(async () => expect(await inspector.lit()).not.toEqual([]));
      await own.restart();
      await inspector.isLive();
      await inspector.eventually(async () => expect(await inspector.lit()).toEqual(["ready"]));
      await inspector.eventually(async () => expect(await inspector.workerState()).toBe("ready"));
    });
  });

  describe("without a mouse", () => {
    test("reaches everything with the Tab key, and everything has a name", async () => {
      const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
      const { page } = inspector;
      await inspector.tab("Log").click();
      await inspector.rows.first().waitFor();
      await page.evaluate(
        () => document.activeElement instanceof HTMLElement && document.activeElement.blur(),
      );
      const reached = new Set<string>();
      for (let step = 0; step < 60; step += 1) {
        await page.keyboard.press("Tab");
        reached.add(
          await page.evaluate(() => {
            const { activeElement } = document;
            const label =
              activeElement?.getAttribute("aria-label") ?? activeElement?.closest("label")?.textContent;
            const role = activeElement?.getAttribute("role") ?? activeElement?.tagName.toLowerCase() ?? "";
            if (activeElement === document.body) return "the page";
            return `${role} ${label ?? activeElement?.textContent}`;
          }),
        );
      }
      expect([...reached]).toEqual(
        expect.arrayContaining([
          "button Pause",
          "button Export",
          "button Import",
          "button Change colours",
          "button Keys",
          "input Filter actors",
          "tree Actors",
          "tab Log",
          "input Filter by event",
          "input Search in payloads",
          "input only worker",
          "input errors only",
          "listbox Records",
          "button One record back",
          "input Look back",
        ]),
      );
      expect([...reached].filter((each) => /^\S+ ?(null|undefined)?$/.test(each))).toEqual([]);
    });

    test("chooses actors in the tree, tabs, and records by keys", async () => {
      const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
      const { page } = inspector;
      const tree = page.getByRole("tree", { name: "Actors" });
      const selected = page.locator('[role="treeitem"][aria-selected="true"]');
      await tree.focus();
      const first = await selected.textContent();
      await page.keyboard.press("ArrowDown");
      await inspector.eventually(async () => expect(await selected.textContent()).not.toBe(first));
      const lines = await page.getByRole("treeitem").count();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowLeft");
      await inspector.eventually(async () => expect(await page.getByRole("treeitem").count()).toBe(1));
      await page.keyboard.press("ArrowRight");
      await inspector.eventually(async () => expect(await page.getByRole("treeitem").count()).toBe(lines));
      await inspector.eventually(async () =>
        expect(await inspector.actor("worker").getAttribute("aria-expanded")).toBe("true"),
      );

      for (const [index, name] of TABS.entries()) {
        await page.keyboard.press(`${index + 1}`);
        await page.getByRole("tabpanel", { name }).waitFor();
        await inspector.eventually(async () =>
          expect(await inspector.tab(name).getAttribute("aria-selected")).toBe("true"),
        );
      }

      await inspector.tab("Errors").focus();
      await page.keyboard.press("ArrowLeft");
      await page.getByRole("tabpanel", { name: "Charts" }).waitFor();
      await inspector.eventually(async () =>
        expect(await inspector.tab("Charts").evaluate((tab) => tab === document.activeElement)).toBe(true),
      );

      await page.keyboard.press("/");
      const box = page.getByLabel("Search in payloads");
      await inspector.eventually(async () =>
        expect(await box.evaluate((element) => element === document.activeElement)).toBe(true),
      );
      await page.keyboard.type("traceback (most");
      await inspector.eventually(async () => expect(await inspector.rows.count()).toBeGreaterThan(0));
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await page.getByTestId("past").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.getByTestId("past").waitFor({ state: "detached" });

      await page.keyboard.press("Space");
      await inspector.eventually(async () =>
        expect(await inspector.pauseButton.textContent()).toMatch(/^Resume/),
      );
      await page.keyboard.press("Space");
      await inspector.eventually(async () => expect(await inspector.pauseButton.textContent()).toBe("Pause"));

      await page.keyboard.press("?");
      const help = page.getByRole("dialog", { name: "Keys" });
      await help.waitFor();
      await page.keyboard.press("Escape");
      await help.waitFor({ state: "hidden" });
    });
  });

  describe("reads well", () => {
    test.each(["light", "dark"] as const)("in %s colours, which are those of the system", async (scheme) => {
      const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, { colorScheme: scheme });
      const { page } = inspector;
      const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
      await inspector.eventually(async () => expect(await theme()).toBe(scheme));
      for (const name of TABS) {
        await inspector.tab(name).click();
        await page.getByRole("tabpanel", { name }).waitFor();
        expect(await page.evaluate(paleTexts), name).toEqual([]);
      }
    });

    test("in the colours that one chooses, which are kept", async () => {
      const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, { colorScheme: "light" });
      const { page } = inspector;
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await page.emulateMedia({ colorScheme: "dark" });
      await inspector.eventually(async () => expect(await ground()).not.toBe(light));
      const dark = await ground();
      await page.getByRole("button", { name: "Change colours" }).click();
      await inspector.eventually(async () => expect(await ground()).toBe(light));
      await page.reload();
      await inspector.isLive();
      await inspector.eventually(async () => expect(await ground()).toBe(light));
      await page.keyboard.press("t");
      await inspector.eventually(async () => expect(await ground()).toBe(dark));
    });
  });
});

/** Texts whose contrast to what is behind them is below 4.5, as WCAG has it. Runs in the page. */
function paleTexts(): string[] {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error("expected a canvas");
  // A canvas knows every notation of colours, and lays one over the other.
  const paint = (colour: string): void => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
  };
  const luminance = (): number => {
    const [red = 0, green = 0, blue = 0] = Array.from(pen.getImageData(0, 0, 1, 1).data, (byte) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const pale: string[] = [];
  for (const element of document.querySelectorAll<HTMLElement>("#app *")) {
    const text = [...element.childNodes]
      .find((node) => node.nodeType === Node.TEXT_NODE)
      ?.textContent?.trim();
    if (!text || !element.checkVisibility() || element.closest(":disabled, svg, option") !== null) continue;
    paint("white");
    const behind: Element[] = [];
    for (let each: Element | null = element; each !== null; each = each.parentElement) behind.unshift(each);
    for (const each of behind) paint(getComputedStyle(each).backgroundColor);
    const ground = luminance();
    paint(getComputedStyle(element).color);
    const ink = luminance();
    const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    if (contrast < 4.5) pale.push(`${element.className}: ${text} ${contrast.toFixed(2)}`);
  }
  return pale;
}
