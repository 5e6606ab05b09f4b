import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { InspectorPage } from "../support/inspector-page.js";
import { launchBrowser } from "../support/launch-browser.js";
import { SessionClient } from "../support/session-client.js";
import { WorkerFixture } from "../support/worker-fixture.js";

const SESSIONS = 500;
/** Milliseconds for which frames are measured. */
const MEASURED_MS = 6000;
/** A page that does not draw for that long, in milliseconds, has frozen, on a machine that is interrupted, too. */
const FROZEN_MS = 10_000;
/** One that mostly takes that long for a frame does more than it must: some tens of milliseconds are usual. */
const SLOW_MS = 1000;

describeInBrowser("the page in a crowd", () => {
  let browser: Browser;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    [browser, fixture] = await Promise.all([
      launchBrowser(),
      WorkerFixture.start({ config: { inspect: true, maxSessions: null } }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await fixture.stop();
  });

  test("stays smooth while 500 sessions are open, and come and go under load", async () => {
    const sessions: SessionClient[] = [];
    while (sessions.length < SESSIONS)
      sessions.push(
        ...(await Promise.all(
          Array.from({ length: 20 }, () => SessionClient.open(fixture, { lifetime: 3600 })),
        )),
      );
    const inspector = await InspectorPage.live(browser, fixture.worker.localUrl);
    const { page } = inspector;
    const group = page.getByRole("treeitem").filter({ hasText: /session open/ });
    await inspector.eventually(async () => expect(await group.textContent()).toContain(String(SESSIONS)));

    let isOver = false;
    let exchanged = 0;
    const churns = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await sessions.shift()?.ask("end");
        const session = await SessionClient.open(fixture, { lifetime: 3600 });
        await session.request("/alive");
        sessions.push(session);
        exchanged += 1;
      }
    });
    onTestFinished(async () => {
      isOver = true;
      await Promise.allSettled(churns);
    });
    const measured = page.evaluate(framesWithin, MEASURED_MS);

    await group.getByRole("button", { name: "Fold" }).click();
    const tree = page.getByRole("tree");
    await tree.press("End");
    const selected = page.locator('[role="treeitem"][aria-selected="true"]');
    // The last session is above the actors that the worker has started later.
    await inspector.eventually(async () => {
      if ((await selected.textContent())?.includes("session.")) return true;
      await tree.press("ArrowUp");
      return false;
    });
    await inspector.eventually(async () => expect(await selected.isVisible()).toBe(true));
    await tree.press("Home");
    await inspector.eventually(async () =>
      expect(await inspector.actor("worker").getAttribute("aria-selected")).toBe("true"),
    );
    for (const name of ["Log", "Sequence", "Requests", "Charts", "Errors", "Machine"]) {
      await inspector.tab(name).click();
      await page.getByRole("tabpanel", { name }).waitFor();
    }

    const gaps = (await measured).toSorted((a, b) => a - b);
    isOver = true;
    await Promise.all(churns);
    const at = (share: number): number => gaps[Math.ceil(share * gaps.length) - 1] ?? 0;
    const text = [0.5, 0.9, 0.99, 1].map((share) => `p${share * 100} ${at(share).toFixed(0)} ms`).join(", ");
    console.log(`${SESSIONS} sessions, ${exchanged} exchanged: ${gaps.length} frames, ${text}`);
    expect(exchanged).toBeGreaterThan(0);
    expect(gaps.length).toBeGreaterThan(0);
    expect(at(0.5)).toBeLessThan(SLOW_MS);
    expect(at(1)).toBeLessThan(FROZEN_MS);
    await inspector.isLive();
    await Promise.all(sessions.map((session) => session.ask("end")));
    await inspector.eventually(async () => expect(await group.count()).toBe(0));
  });
});

/** Milliseconds between the frames that a page draws within so many milliseconds. Runs in the page. */
function framesWithin(duration: number): Promise<number[]> {
  return new Promise((resolve) => {
    const gaps: number[] = [];
    const begun = performance.now();
    let before = begun;
    const take = (): void => {
      const now = performance.now();
      gaps.push(now - before);
      before = now;
      if (now - begun < duration) requestAnimationFrame(take);
      else resolve(gaps);
    };
    requestAnimationFrame(take);
  });
}
