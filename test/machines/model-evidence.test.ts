import { describe, expect, test } from "vitest";
import type { ProbeFailure, Readiness } from "../../machines/model.js";
import { startedModel } from "./support/started-model.js";

type Started = ReturnType<typeof startedModel>;

/** A step of what happens to a model. */
type Step = (started: Started) => unknown;

const refused: ProbeFailure = {
  kind: "refused",
  isAnswering: false,
  seen: "127.0.0.1:18000: connection refused",
};
const timeout: ProbeFailure = { ...refused, kind: "timeout", seen: "127.0.0.1:18000: no answer within 10 s" };

const staleReady: Step = ({ log }) => log("log.loaded", "startup complete", true);
const staleError: Step = ({ log }) => log("log.failed", "Traceback", true);
const ready: Step = ({ log }) => log("log.loaded", "startup complete");
const error: Step = ({ log }) => log("log.failed", "Traceback");
/** The health URL answers 200; where there is none, the port accepts. */
const well: Step = ({ probeHealth }) => probeHealth.succeed();
const gone: Step = ({ probeHealth }) => probeHealth.fail("gone", { failure: refused });
const ill: Step = ({ probeHealth }) => probeHealth.fail("status 503");
const silent: Step = ({ probeHealth }) => probeHealth.fail("silent", { failure: timeout });
const busy: Step = ({ probeHealth }) =>
  probeHealth.fail("silent", { failure: { ...timeout, isAnswering: true } });
const pass =
  (ms: number): Step =>
  (started) =>
    started.pass(ms);

const LOADED = "loaded";
const HEALTHY = "healthy";
const BY_MATCH = "failed: Traceback";
const BY_LINE = "failed: … Traceback …";
const DISMISSED = "dismissed: … Traceback …";

/** The events that the worker received, in short. */
const reported = ({ reported }: Started): readonly string[] =>
  reported.map((news) => {
    const type = news.type.replace("model.", "");
    if (news.type === "model.failed" || news.type === "model.unhealthy") return `${type}: ${news.message}`;
    return news.type === "model.dismissed" ? `${type}: ${news.line}` : type;
  });

const HEALTH = { hasHealth: true, hasServer: true };
const PORT = { hasServer: true };

const cases: readonly (readonly [
  name: string,
  options: { readonly hasHealth?: boolean; readonly hasServer?: boolean; readonly readiness?: Readiness },
  steps: readonly Step[],
  expected: readonly string[],
])[] = [
  // Lines from before this worker started: of a model without a health URL. The benchmark waits for its port.
  ["an old ready line", PORT, [staleReady], [LOADED]],
  ["an old ready line, then a new one", PORT, [staleReady, ready], [LOADED, LOADED]],
  ["an old error", PORT, [staleError, pass(2000)], [BY_MATCH]],
  [
    "an old error, and what came of it",
    PORT,
    [staleError, ({ log }) => log("log.failed", "exited", true), pass(2000)],
    [BY_MATCH],
  ],
  ["an old error, before it is settled", PORT, [staleError, pass(1999)], []],
  ["an old error, then an old ready line", PORT, [staleError, staleReady, pass(2000)], [LOADED]],
  ["an old error, then a new ready line", PORT, [staleError, ready, pass(2000)], [LOADED]],
  ["an old error, then a new error", PORT, [staleError, error, pass(2000)], [BY_MATCH]],
  ["an old ready line, then an old error", PORT, [staleReady, staleError, pass(60_000)], [LOADED]],
  [
    "ready, error, ready, error, all old",
    PORT,
    [staleReady, staleError, staleReady, staleError, pass(2000)],
    [LOADED, LOADED],
  ],
  ["an old ready line, then a new error", PORT, [staleReady, error, pass(60_000)], [LOADED, BY_MATCH]],
  [
    "an old ready line, a new error, and a new ready line",
    PORT,
    [staleReady, error, ready],
    [LOADED, BY_MATCH, LOADED],
  ],
  // With a health URL.
  ["an old ready line, and the health URL answers", HEALTH, [staleReady, well], [LOADED]],
  ["an old ready line, and the health URL answers 503", HEALTH, [staleReady, ill, pass(1000), ill], []],
  [
    "an old ready line, and nothing listens until later",
    HEALTH,
    [staleReady, gone, pass(1000), well],
    [LOADED],
  ],
  ["an old ready line, then a new one", HEALTH, [staleReady, gone, ready, pass(5000)], [LOADED]],
  [
    "an old ready line, then an old error, and nothing listens",
    HEALTH,
    [staleReady, staleError, gone, pass(500)],
    [],
  ],
  ["an old error, and the health URL is refused", HEALTH, [staleError, pass(2000), gone], [BY_LINE]],
  [
    "an old error, and the health URL answers",
    HEALTH,
    [staleError, pass(2000), well, pass(4000), well],
    [HEALTHY, DISMISSED, HEALTHY],
  ],
  [
    "an old ready line and an old error, and the health URL answers",
    HEALTH,
    [staleReady, staleError, well, pass(2000)],
    [LOADED],
  ],
  // Where something else than the log decides that the model has loaded.
  ["an old ready line is no news", { ...HEALTH, readiness: "health" }, [staleReady, well], [LOADED]],
  [
    "an old error after an old ready line is past",
    { ...HEALTH, readiness: "health" },
    [staleReady, staleError, well, pass(2000)],
    [LOADED],
  ],
  [
    "an old error with nothing behind it is judged",
    { ...HEALTH, readiness: "health" },
    [staleError, pass(1000), pass(1000), gone],
    [BY_LINE],
  ],
  [
    "either: an old ready line leaves it to the health URL",
    { ...HEALTH, readiness: "either" },
    [staleReady, gone, pass(1000), well],
    [LOADED],
  ],
  [
    "nothing is loaded: an old error is past",
    { ...PORT, readiness: "none" },
    [staleError, pass(2000)],
    [LOADED],
  ],
  // Lines of now, without a health URL.
  ["an error", PORT, [error], [BY_MATCH]],
  ["an error, then a ready line", PORT, [error, ready], [BY_MATCH, LOADED]],
  // Lines of now, with one.
  [
    "an error, and the health URL answers twice",
    HEALTH,
    [error, well, pass(4000), well],
    [HEALTHY, DISMISSED, HEALTHY],
  ],
  ["an error, and the health URL is refused at once", HEALTH, [error, gone], [BY_LINE]],
  ["an error, and the health URL answers 503", HEALTH, [error, ill], [BY_LINE]],
  [
    "an error, and the model is gone at the second look",
    HEALTH,
    [error, well, pass(4000), gone],
    [HEALTHY, BY_LINE],
  ],
  [
    "an error of a model that is busy is no failure",
    HEALTH,
    [error, busy, pass(4000), busy, pass(4000), busy, pass(4000), busy],
    [],
  ],
  [
    "a busy one that answers at last",
    HEALTH,
    [error, busy, pass(4000), well, pass(4000), well],
    [HEALTHY, DISMISSED, HEALTHY],
  ],
  [
    "an error of a model that says nothing: not after one time-out",
    HEALTH,
    [error, silent, pass(4000), silent],
    [],
  ],
  ["but after three", HEALTH, [error, silent, pass(4000), silent, pass(4000), silent], [BY_LINE]],
];

describe("what the log reports and what is true", () => {
  test.each(cases)("%s", async (_, options, steps, expected) => {
    const started = startedModel({ readiness: "log", failureThreshold: 3, ...options });
    for (const step of steps) await step(started);
    expect(reported(started)).toEqual(expected);
  });
});

describe("a check of a line with the health URL", () => {
  test("is one, however many lines match meanwhile", async () => {
    const started = startedModel(HEALTH);
    for (let times = 0; times < 1000; times++) error(started);
    expect(started.probeHealth.count).toBe(1);
    await well(started);
    for (let times = 0; times < 1000; times++) error(started);
    await started.pass(3999);
    expect(started.probeHealth.count).toBe(1);
    await started.pass(1);
    expect(started.probeHealth.count).toBe(2);
    await well(started);
    expect(reported(started)).toEqual([HEALTHY, DISMISSED, HEALTHY]);
  });

  test("can be followed by another one", async () => {
    const started = startedModel(HEALTH);
    error(started);
    await well(started);
    await started.pass(4000);
    await well(started);
    error(started);
    await gone(started);
    expect(reported(started)).toEqual([HEALTHY, DISMISSED, HEALTHY, BY_LINE]);
  });

  test("looks again at once when the worker verifies", async () => {
    const started = startedModel(HEALTH);
    error(started);
    await well(started);
    started.verify();
    expect(started.probeHealth.count).toBe(2);
    await well(started);
    expect(reported(started)).toEqual([HEALTHY, DISMISSED, HEALTHY]);
  });

  test("is given up when the worker is errored for another reason", async () => {
    const started = startedModel(HEALTH);
    error(started);
    started.suspect();
    expect(started.probeHealth.all[0]?.signal.aborted).toBe(true);
    await started.pass(10_000);
    await well(started);
    expect(reported(started)).toEqual([HEALTHY]);
  });

  test("uses at most 200 characters of the line, without the blanks around it", async () => {
    const started = startedModel(HEALTH);
    started.log("log.failed", "x".repeat(500));
    await gone(started);
    expect(reported(started)).toEqual([`failed: … ${"x".repeat(198)}`]);
  });
});

describe("the health URL of a model that serves", () => {
  const serving = async (failureThreshold = 3) => {
    const started = startedModel({ ...HEALTH, readiness: "health", failureThreshold });
    await well(started);
    started.serve();
    started.reported.length = 0;
    return started;
  };
  const next = pass(10_000);

  test.each<readonly [string, readonly Step[], readonly string[]]>([
    ["503 twice is no failure", [next, ill, next, ill], []],
    ["503 three times is one", [next, ill, next, ill, next, ill], ["unhealthy: status 503"]],
    [
      "a 200 in between begins the count anew",
      [next, ill, next, ill, next, well, next, ill, next, ill],
      [HEALTHY],
    ],
    ["three time-outs are one", [next, silent, next, silent, next, silent], ["unhealthy: silent"]],
    ["a refused connection counts at once", [next, gone], ["unhealthy: gone"]],
    [
      "time-outs of a model that is answering never count",
      [next, busy, next, busy, next, busy, next, busy],
      [],
    ],
    ["and begin the count anew", [next, silent, next, silent, next, busy, next, silent, next, silent], []],
  ])("%s", async (_, steps, expected) => {
    const started = await serving();
    for (const step of steps) await step(started);
    expect(reported(started)).toEqual(expected);
  });

  test("a refused connection while it streams counts like any other failure", async () => {
    const started = await serving(2);
    const failure = { ...refused, isAnswering: true };
    await next(started);
    await started.probeHealth.fail("gone", { failure });
    expect(reported(started)).toEqual([]);
    await next(started);
    await started.probeHealth.fail("gone", { failure });
    expect(reported(started)).toEqual(["unhealthy: gone"]);
  });

  test("is probed at once when a request loses its connection, but not for each one of a model that fails", async () => {
    const started = await serving();
    const asked = started.probeHealth.count;
    started.lose();
    expect(started.probeHealth.count).toBe(asked + 1);
    await ill(started);
    started.lose();
    expect(started.probeHealth.count).toBe(asked + 1);
    await next(started);
    expect(started.probeHealth.count).toBe(asked + 2);
  });
});

describe("a model without a health URL whose requests lose their connections", () => {
  const serving = (options: Parameters<typeof startedModel>[0] = {}) => {
    const started = startedModel({ ...PORT, failureThreshold: 3, ...options });
    ready(started);
    started.serve();
    started.reported.length = 0;
    return started;
  };
  const second = pass(1000);

  test("is not connected to as long as none does", async () => {
    const started = serving();
    await started.pass(600_000);
    expect(started.probeHealth.count).toBe(0);
  });

  test("has failed when own attempts are refused three times, a second apart", async () => {
    const started = serving();
    started.lose();
    await gone(started);
    for (let times = 1; times < 3; times++) {
      expect(reported(started)).toEqual([]);
      started.lose();
      expect(started.probeHealth.count).toBe(times);
      await second(started);
      await gone(started);
    }
    expect(reported(started)).toEqual(["failed: gone"]);
  });

  test.each([0, 1, 2])(
    "is well when an attempt succeeds after %i that failed, and the next count begins anew",
    async (failed) => {
      const started = serving();
      started.lose();
      for (let times = 0; times < failed; times++) {
        await gone(started);
        await second(started);
      }
      await well(started);
      started.lose();
      for (let times = 0; times < 2; times++) {
        await gone(started);
        await second(started);
      }
      expect(reported(started)).toEqual([]);
    },
  );

  test("is well when it is too busy to accept a connection, and answers requests", async () => {
    const started = serving();
    started.lose();
    await busy(started);
    await started.pass(60_000);
    expect(started.probeHealth.count).toBe(1);
    expect(reported(started)).toEqual([]);
  });

  test.each<Readiness>(["log", "lifecycle", "none"])(
    "is well again when its port accepts, which is tried every second, and not before (%s)",
    async (readiness) => {
      const started = serving({ readiness, isStarted: true });
      started.lose();
      for (let times = 0; times < 3; times++) {
        await gone(started);
        await second(started);
      }
      // The event of an errored worker.
      started.suspect();
      for (let times = 0; times < 30; times++) {
        await gone(started);
        await second(started);
      }
      expect(reported(started)).toEqual(["failed: gone"]);
      await well(started);
      expect(reported(started)).toEqual(["failed: gone", HEALTHY]);
      await started.pass(60_000);
      expect(reported(started)).toEqual(["failed: gone", HEALTHY]);
    },
  );

  test("is tried anew where a ready line leads the worker back before the port accepts", async () => {
    const started = serving({ failureThreshold: 1 });
    started.lose();
    await gone(started);
    started.suspect();
    ready(started);
    started.serve();
    await gone(started);
    expect(reported(started)).toEqual(["failed: gone", LOADED, "failed: gone"]);
  });
});

describe("a model without a health URL whose log reports a failure", () => {
  test("is well when a request succeeds", async () => {
    const started = startedModel(PORT);
    ready(started);
    started.serve();
    error(started);
    started.suspect();
    await started.pass(60_000);
    expect(reported(started)).toEqual([LOADED, BY_MATCH]);
    await started.awaitSuccess.succeed();
    expect(reported(started)).toEqual([LOADED, BY_MATCH, HEALTHY]);
  });

  test("is no longer looked at for that once the worker is ready", () => {
    const started = startedModel(PORT);
    error(started);
    started.suspect();
    expect(started.asking()).toBe("doubted");
    ready(started);
    started.serve();
    expect(started.awaitSuccess.all[0]?.signal.aborted).toBe(true);
    expect(started.asking()).toBe("unasked");
  });

  test("is still watched when the check of its recovery fails", async () => {
    const started = startedModel(PORT);
    error(started);
    started.suspect();
    await started.awaitSuccess.fail();
    ready(started);
    expect(reported(started)).toEqual([BY_MATCH, LOADED]);
  });

  test("which nothing else would lead back: is taken for loaded after 10 s, where its port accepts", async () => {
    const started = startedModel({ ...PORT, readiness: "lifecycle", isStarted: true });
    started.suspect();
    await started.pass(9999);
    expect(started.probeHealth.count).toBe(0);
    await started.pass(1);
    await gone(started);
    await started.pass(10_000);
    await well(started);
    expect(reported(started)).toEqual([LOADED]);
  });
});
