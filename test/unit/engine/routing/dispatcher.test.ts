import { expect, test } from "vitest";
import { Dispatcher, RequestNumbers } from "../../../../src/engine/routing/dispatcher.js";
import { RoutingTable } from "../../../../src/engine/routing/routing-table.js";
import { Waitlist } from "../../../../src/engine/routing/waitlist.js";
import { RollingLoad } from "../../../../src/engine/scaling/rolling-load.js";
import type { WorkerStatus } from "../../../../src/shared/wire.js";
import { workerStatus } from "../../../support/worker-status.js";

const NOW = 1_000_000;

/** A dispatcher over workers that the test reports, with a queue of 10 s at most. */
function startedDispatcher({ serves = () => true }: { readonly serves?: (id: number) => boolean } = {}) {
  const routing = new RoutingTable(35);
  const waitlist = new Waitlist();
  const load = new RollingLoad(10, NOW);
  const requested: number[] = [];
  const dispatcher = new Dispatcher({
    endpoint: () => "endpoint",
    routing,
    waitlist,
    load,
    numbers: new RequestNumbers(),
    onRequested: (cost) => requested.push(cost),
    terms: () => ({ maxQueueTime: 10, serves }),
    summary: () => "summary",
    sign: () => "signature",
  });
  const ask = ({ idx = 0, cost = 100, at = NOW, replayTimeout = 60 } = {}) => {
    const answer = dispatcher.dispatch({ askedIdx: idx, cost, replayTimeout }, at);
    return { idx: answer.request_idx, url: "url" in answer ? answer.url : undefined };
  };
  return {
    ask,
    waitlist,
    load,
    requested,
    report: (parts: Partial<WorkerStatus>, at = NOW) =>
      routing.update({ ...workerStatus({ url: `http://w:${parts.id ?? 1}`, ...parts }), receivedAt: 0 }, at),
  };
}

test("a worker whose expected queue is longer than allowed gets no more, and the next best does", () => {
  const { ask, report } = startedDispatcher();
  report({ id: 1, cur_load: 1001 });
  const { idx, url } = ask();
  expect(url).toBeUndefined();
  report({ id: 2, cur_load: 1000 });
  expect(ask({ idx }).url).toBe("http://w:2");
  expect(ask().url).toBeUndefined();
});

test("a worker that may not serve gets nothing, however short its queue", () => {
  const { ask, report } = startedDispatcher({ serves: (id) => id !== 1 });
  report({ id: 1 });
  report({ id: 2, cur_load: 500 });
  expect(ask().url).toBe("http://w:2");
});

test("a request that waits is found again, and its load counts once", () => {
  const { ask, load, requested, waitlist } = startedDispatcher();
  const { idx } = ask({ cost: 50 });
  for (let times = 0; times < 5; times += 1) expect(ask({ idx, cost: 50 }).idx).toBe(idx);
  expect(load.at(NOW)).toBe(5);
  expect(requested).toEqual([50]);
  expect(waitlist.load(NOW)).toBe(50);
});

test("the request that waits longest goes first, in any order of the calls", () => {
  const { ask, report } = startedDispatcher();
  report({ cur_load: 2000 });
  const first = ask();
  const second = ask({ at: NOW + 1 });
  report({ cur_load: 950 }, NOW + 2);
  expect(ask({ idx: second.idx, at: NOW + 2 }).url).toBeUndefined();
  expect(ask({ at: NOW + 2 }).url).toBeUndefined();
  expect(ask({ idx: first.idx, at: NOW + 2 }).url).toBe("http://w:1");
});

test("when there is room for all waiting requests, none waits until the others call again", () => {
  const { ask, report } = startedDispatcher();
  report({ cur_load: 2000 });
  ask();
  const second = ask();
  report({ cur_load: 0 });
  expect(ask({ idx: second.idx }).url).toBe("http://w:1");
});

test("one that no longer calls does not keep the others waiting", () => {
  const { ask, report } = startedDispatcher();
  report({ cur_load: 2000 });
  ask();
  const second = ask({ at: NOW + 5 });
  report({ cur_load: 950 }, NOW + 11);
  expect(ask({ idx: second.idx, at: NOW + 11 }).url).toBe("http://w:1");
});

test("a request is dropped after its replay time-out, and counts again when it comes after all", () => {
  const { ask, load, requested, waitlist } = startedDispatcher();
  const { idx } = ask({ cost: 50, replayTimeout: 20 });
  ask({ cost: 1, at: NOW + 20 });
  expect(waitlist.size).toBe(2);
  ask({ cost: 1, at: NOW + 20.5 });
  expect(waitlist.size).toBe(3);
  ask({ cost: 1, at: NOW + 21 });
  expect(waitlist.size).toBe(3);
  const before = load.at(NOW + 21);
  expect(ask({ idx, cost: 50, at: NOW + 21 }).idx).toBe(idx);
  expect(load.at(NOW + 21)).toBeCloseTo(before + 5);
  expect(requested).toEqual([50, 1, 1, 1]);
});

test("one that no longer calls requires no worker", () => {
  const { ask, waitlist } = startedDispatcher();
  ask({ cost: 50, replayTimeout: 1e9 });
  ask({ cost: 7, at: NOW + 10 });
  expect(waitlist.load(NOW + 10)).toBe(57);
  expect(waitlist.load(NOW + 11)).toBe(7);
});

test("what has ended is dropped at once", () => {
  const { ask, waitlist } = startedDispatcher();
  const { idx } = ask();
  waitlist.forget(idx);
  expect(waitlist.size).toBe(0);
});

test("a request that calls again gets another worker, even with a longer queue", () => {
  const { ask, report } = startedDispatcher();
  report({ id: 1 });
  report({ id: 2, cur_load: 500 });
  const { idx, url } = ask();
  expect(url).toBe("http://w:1");
  expect(ask({ idx }).url).toBe("http://w:2");
  expect(ask({ idx }).url).toBe("http://w:1");
});

test("a request that calls again waits when the only other worker is full, and keeps its place", () => {
  const { ask, report } = startedDispatcher();
  report({ id: 1 });
  report({ id: 2, cur_load: 1001 });
  const { idx } = ask();
  expect(ask({ idx }).url).toBeUndefined();
  expect(ask({ idx }).url).toBeUndefined();
  report({ id: 2, cur_load: 900 }, NOW + 1);
  expect(ask({ idx, at: NOW + 1 }).url).toBe("http://w:2");
});

test("the same worker is named again when it is the only one, or has reported since", () => {
  const { ask, report } = startedDispatcher();
  report({ id: 1 });
  const { idx } = ask();
  expect(ask({ idx }).url).toBe("http://w:1");
  report({ id: 2, cur_load: 1001 });
  report({ id: 1 }, NOW + 1);
  expect(ask({ idx, at: NOW + 2 }).url).toBe("http://w:1");
});

test("a worker that two requests did not reach comes last until its next report", () => {
  const { ask, report } = startedDispatcher();
  report({ id: 1 });
  report({ id: 2, cur_load: 500 });
  const [one, other] = [ask(), ask()];
  expect([one.url, other.url]).toEqual(["http://w:1", "http://w:1"]);
  ask({ idx: one.idx });
  expect(ask().url).toBe("http://w:1");
  ask({ idx: other.idx });
  expect(ask({ cost: 1 }).url).toBe("http://w:2");
  report({ id: 1 }, NOW + 1);
  expect(ask({ at: NOW + 1 }).url).toBe("http://w:1");
});

test("a request that ended in an error at a worker does not count against that worker", () => {
  const { ask, report, waitlist } = startedDispatcher();
  report({ id: 1 });
  report({ id: 2, cur_load: 900 });
  for (let times = 0; times < 3; times += 1) {
    const { idx, url } = ask({ cost: 1 });
    expect(url).toBe("http://w:1");
    waitlist.leave(idx);
    expect(ask({ idx, cost: 1 }).url).toBe("http://w:2");
  }
});
