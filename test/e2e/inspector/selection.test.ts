import { describe, expect, test } from "vitest";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { startFakeInspector } from "../../support/fake-inspector.js";
import { errorOf, eventOf, helloOf, requestOf, tickOf } from "../../support/inspect-frames.js";
import { inspected, linesOf, numbersOf } from "../../support/inspected.js";

describe("what is printed", () => {
  const past = Array.from({ length: 30 }, (_, index) => eventOf(index));

  test.each([
    ["the last 20 records of the past by default", [], past.slice(10)],
    ["as many of them as asked for", ["--past", "3"], past.slice(27)],
    ["none of them", ["--past", "0"], []],
    ["all of them", ["--past", "all"], past],
    ["the last of those that are selected", ["--past", "2", "--event", "event.?"], past.slice(8, 10)],
  ])("begins with %s", async (_, options, expected) => {
    const { inspector, url } = await startFakeInspector(helloOf({ records: past }));
    const command = tsworker("inspect", url, "--json", ...options);
    await inspector.attached(1);
    inspector.close(1000);
    expect(await command.exitCode).toBe(0);
    expect(numbersOf(command.stdout())).toEqual(expected.map(({ n }) => n));
  });

  const mixed = [
    eventOf(1, { actor: "queue.default", sender: "edge", event: "request.arrived" }),
    eventOf(2, { actor: "queue.slow", sender: "edge", event: "request.ended" }),
    eventOf(3, { actor: "worker", sender: "queue.default", event: "queue.opened" }),
    requestOf(4),
    requestOf(5, { queue: "slow", session: "abc" }),
    errorOf(6),
    errorOf(7, { actor: undefined }),
  ];

  test.each([
    [[], [1, 2, 3, 4, 5, 6, 7]],
    [
      ["--actor", "queue.default"],
      [1, 3, 4],
    ],
    [
      ["--actor", "queue.*"],
      [1, 2, 3, 4, 5],
    ],
    [
      ["--actor", "model", "--actor", "session.a?c"],
      [5, 6],
    ],
    [
      ["--event", "REQUEST"],
      [1, 2],
    ],
    [
      ["--event", "*.opened", "--event", "request.a*"],
      [1, 3],
    ],
    [["--requests"], [4, 5]],
    [["--errors"], [6, 7]],
    [["--errors", "--requests", "--actor", "queue.slow"], [5]],
    [
      ["--event", "opened", "--errors"],
      [3, 6, 7],
    ],
    [["--event", "(.+"], []],
  ])("is selected by %j", async (options, expected) => {
    expect(numbersOf(await inspected(mixed, "--json", ...options))).toEqual(expected);
  });

  test("is with --json each record as it was received, and nothing else", async () => {
    const text = await inspected([eventOf(1), requestOf(2), errorOf(3)], "--json");
    expect(linesOf(text).map((line) => JSON.parse(line))).toEqual(
      [eventOf(1), requestOf(2), errorOf(3)].map((record) => JSON.parse(JSON.stringify(record))),
    );
  });

  test("has the number of events that were left out, at once and in the end", async () => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const command = tsworker("inspect", url);
    await inspector.attached(1);
    inspector.send(tickOf([eventOf(1)], { leftOut: { "x:1": 1000, "x:2": 234 } }));
    await eventually(() => expect(command.stdout()).toContain("1,234 left out"));
    inspector.close(1001);
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toMatch(/attached +worker http:\/\/worker\.test:3000 {2}tsworker 1\.2\.3/);
    expect(command.stderr()).toMatch(/stopped +the worker has ended {2}1 record {2}1,234 events left out$/m);
  });
});
