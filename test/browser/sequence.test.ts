import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { WorkerFixture } from "../support/worker-fixture.js";

describeInBrowser("the sequence of an actor's events", () => {
  const QUEUES = Array.from({ length: 8 }, (_, index) => `unused${index}`);
  let browser: Browser;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    [browser, fixture] = await Promise.all([
      launchBrowser(),
      WorkerFixture.start({
        handlers: [
          { route: "/serial", queue: "used" },
          ...QUEUES.map((queue) => ({ route: `/${queue}`, queue })),
        ],
        config: { inspect: true },
      }),
    ]);
    await fixture.post("/serial");
  });
  afterAll(() => Promise.all([browser?.close(), fixture?.stop()]));

  /** The page with the sequence of an actor. */
  async function sequenceOf(id: string, width = 1280): Promise<InspectorPage> {
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl, {
      viewport: { width, height: 600 },
    });
    await inspector.actor(id).click();
    await inspector.tab("Sequence").click();
    return inspector;
  }

  const heads = ({ page }: InspectorPage): Promise<readonly string[]> =>
    page
      .locator(".sequence-actors span")
      .evaluateAll((spans) => spans.map((span) => span.getAttribute("title") ?? ""));

  test("has no columns for actors that only started, unless repetitions are unfolded", async () => {
    const inspector = await sequenceOf("worker");
    const unused = (all: readonly string[]): readonly string[] =>
      all.filter((id) => QUEUES.some((queue) => id === `queue.${queue}`));
    await inspector.eventually(async () => expect((await heads(inspector))[0]).toBe("worker"));
    expect(unused(await heads(inspector))).toEqual([]);
    await inspector.page.getByLabel("fold repetitions").uncheck();
    await inspector.eventually(async () =>
      expect(unused(await heads(inspector))).toHaveLength(QUEUES.length),
    );
  });

  test("keeps the names of its columns in view, and its text is large enough", async () => {
    const inspector = await sequenceOf("worker", 390);
    const { page } = inspector;
    // Nothing is drawn anew while it is measured.
    await inspector.pauseButton.click();
    await page.getByLabel("fold repetitions").uncheck();
    const scroll = page.locator(".sequence-scroll");
    await inspector.eventually(async () =>
      expect(await scroll.evaluate((it) => it.scrollHeight > it.clientHeight + 100)).toBe(true),
    );
    for (const top of [0, 60, 100_000]) {
      const distance = await scroll.evaluate((it, to) => {
        it.scrollTo(0, to);
        const head = it.querySelector(".sequence-actors")?.getBoundingClientRect();
        return (head?.top ?? Number.NaN) - it.getBoundingClientRect().top;
      }, top);
      expect(distance).toBe(0);
    }
    const sizes = await inspector.settled(() =>
      page
        .locator(".sequence text, .sequence button, .sequence-actors span")
        .evaluateAll((texts) => texts.map((text) => Number.parseFloat(getComputedStyle(text).fontSize))),
    );
    expect(sizes.length).toBeGreaterThan(5);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11);
  });
});
