import { describe, expect, test } from "vitest";
import { ticksTo } from "../../../src/load/plot.js";
import { reportPage } from "../../../src/load/report-page.js";
import { reportPlots } from "../../../src/load/report-plots.js";
import { loadPoint, loadResult } from "../../support/load-result.js";

test("the page needs nothing else, neither a script nor the network", () => {
  const page = reportPage(loadResult());
  expect(page).not.toMatch(/<script|<link|@import|url\(|\ssrc=/);
  // Addresses are text, not links.
  expect(page).not.toMatch(/href=/);
});

test("text from others is shown as text", () => {
  const evil = `<img src=x onerror="alert(1)">&'`;
  const page = reportPage(
    loadResult(
      { answers: [evil] },
      {
        errors: [{ where: "worker", what: "500", count: 1, message: evil }],
        workers: [{ url: evil, requests: 1 }],
      },
    ),
  );
  expect(page).not.toContain("<img");
  expect(page.match(/&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&amp;&#39;/g)).toHaveLength(3);
});

test("a test in which nothing was done has a page as well", () => {
  const nothing = { succeeded: 0, failed: 0, sent: 0, latencyMs: null, firstByteMs: null, routingMs: null };
  const page = reportPage(
    loadResult({ percentiles: [], series: [loadPoint(0, { latencyMs: null, firstByteMs: null })] }, nothing),
  );
  expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
});

test("warnings about requests that were not sent, or late, are above the numbers", () => {
  const page = reportPage(loadResult({}, { notSent: 1234, latestMs: 1500 }));
  expect(page).toContain("1,234 arrivals were not sent");
  expect(page).toContain("requests were sent up to 1.50 s late");
  expect(reportPage(loadResult())).not.toContain('class="note"');
});

describe("plots", () => {
  test("have at most some hundred points, however long the test was", () => {
    const series = Array.from({ length: 10_000 }, (_, second) => loadPoint(second));
    for (const { lines, places } of reportPlots(loadResult({ series }))) {
      expect(places.length).toBeLessThanOrEqual(400);
      for (const { values } of lines) expect(values).toHaveLength(places.length);
    }
  });

  test("of several seconds at a time show the mean of rates, and the worst of percentiles", () => {
    const slow = { p50: 100, p90: 150, p99: 900 };
    const series = Array.from({ length: 800 }, (_, second) =>
      loadPoint(second, second % 2 === 0 ? {} : { succeeded: 19, latencyMs: slow }),
    );
    const plots = reportPlots(loadResult({ series }));
    const line = (title: string, name: string) =>
      plots.find((plot) => plot.title === title)?.lines.find((each) => each.name === name)?.values;
    expect(new Set(line("Requests", "done"))).toEqual(new Set([14]));
    expect(new Set(line("Latency", "p99"))).toEqual(new Set([900]));
  });

  test("end at the percentile that a small number of requests can resolve", () => {
    const percents = [0, 50, 90, 99, 99.9, 99.99, 100];
    const percentiles = percents.map((percent) => ({ percent, latencyMs: percent }));
    const plot = reportPlots(loadResult({ percentiles }, { succeeded: 100 })).at(-1);
    expect(plot?.places).toHaveLength(4);
    expect(plot?.marks.map(({ text }) => text)).toEqual(["min", "p50", "p75", "p90", "p99"]);
  });

  test.each([
    [0, [0, 1]],
    [0.3, [0, 0.1, 0.2, 0.3]],
    [7, [0, 2, 4, 6, 8]],
    [101, [0, 50, 100, 150]],
    [2000, [0, 500, 1000, 1500, 2000]],
  ])("have round ticks up to %d and more", (max, ticks) => {
    expect(ticksTo(max, 4)).toEqual(ticks);
  });
});
