import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

interface Reservation {
  readonly status: string;
  readonly seconds: number;
}

const reserveAt =
  ({ endpoint }: ExampleFixture) =>
  (payload: Readonly<Record<string, unknown>>) =>
    endpoint.request<Reservation>("/reserve", payload, { cost: 100, stream: true });

async function first(stream: AsyncIterable<Reservation>): Promise<Reservation | undefined> {
  for await (const each of stream) return each;
  return undefined;
}

describe("examples/reserve", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("reserve");
  });
  afterAll(() => fixture?.stop());

  test("holds the machine for as long as requested, with a capacity of 100", async () => {
    const { engine } = fixture;
    const reserve = reserveAt(fixture);
    const begun = performance.now();
    const reported: Reservation[] = [];
    for await (const each of await reserve({ duration: 1.5 })) reported.push(each);
    expect(reported).toEqual([
      { status: "reserved", seconds: 1.5 },
      { status: "over", seconds: 1.5 },
    ]);
    expect(performance.now() - begun).toBeGreaterThan(1490);
    const { capacity = 0 } = engine.workers[0] ?? {};
    expect(capacity).toBeLessThanOrEqual(100.1);
    expect(capacity).toBeGreaterThan(50);
  });

  test("reports its load while it is held, and is free at once when the client leaves", async () => {
    const { engine } = fixture;
    const reserve = reserveAt(fixture);
    const ended = fixture.endings();
    const stream = await reserve({ duration: 600 });
    await eventually(() => expect(engine.workers[0]?.lastReport?.cur_load).toBe(100));
    const waiting = reserve({ duration: 0.1 });
    await eventually(() => expect(engine.workers[0]?.lastReport?.num_requests_working).toBe(2));
    expect(await first(stream)).toEqual({ status: "reserved", seconds: 600 });
    expect(await first(await waiting)).toEqual({ status: "reserved", seconds: 0.1 });
    await eventually(() => expect(ended().Cancelled).toBeGreaterThan(0));
  });

  test("is over after MAX_RESERVATION_SECONDS, whatever was requested", async () => {
    const env = { MAX_RESERVATION_SECONDS: "0.5" };
    const reserve = reserveAt(await ExampleFixture.readyForTest("reserve", { env }));
    for (const payload of [{ duration: 60 }, {}]) {
      const reported: Reservation[] = [];
      for await (const each of await reserve(payload)) reported.push(each);
      expect(reported.map(({ seconds }) => seconds)).toEqual([0.5, 0.5]);
    }
  });

  test("refuses a duration that is no number of seconds", async () => {
    const { endpoint } = fixture;
    for (const duration of ["90s", 0, -1, [1]]) {
      const refused = await endpoint.request("/reserve", { duration });
      expect(refused.status).toBe(422);
      const fault = `must be a number of seconds, or be left out for 3600, got ${JSON.stringify(duration)}`;
      expect(await refused.json()).toEqual({ payload: { duration: fault } });
    }
  });

  test("reports a limit that is no number to the engine", async () => {
    const faulty = await ExampleFixture.forTest("reserve", { env: { MAX_RESERVATION_SECONDS: "1h" } });
    await faulty.reaches("errored");
    await eventually(() =>
      expect(faulty.engine.reports.at(-1)?.error_msg).toContain(
        'MAX_RESERVATION_SECONDS: expected a number of seconds up to 86400, got "1h"',
      ),
    );
  });

  test("is shown by its client", async () => {
    const ended = fixture.endings();
    expect(await fixture.client()).toMatch(
      /^reserved {2}2 s.*\nover {2}2 s.*\nreserved {2}600 s, done early\nreserved {2}1 s.*\nover {2}1 s/,
    );
    await eventually(() => expect(ended()).toMatchObject({ Success: 2, Cancelled: 1, Error: 0 }));
  });
});
