import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const HELLO_TWICE = "d7914fe546b684688bb95f4f888a92dfc680603a75f23eb823658031fff766d9";

describe("examples/functions", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("functions");
  });
  afterAll(() => fixture?.stop());

  test("answers with a function's value, and streams what a generator yields", async () => {
    const { endpoint } = fixture;
    const plain = await endpoint.request("/digest", { text: "hello" }, { cost: 1 });
    expect(await plain.json()).toEqual({ result: { sha256: HELLO } });
    const stream = await endpoint.request("/chain", { text: "hello", length: 2 }, { cost: 2, stream: true });
    const steps: unknown[] = [];
    for await (const each of stream) steps.push(each);
    expect(steps).toEqual([
      { step: 1, sha256: HELLO },
      { step: 2, sha256: HELLO_TWICE },
    ]);
  });

  test("stops a long function when its client leaves, and answers others meanwhile", async () => {
    const { endpoint, engine } = fixture;
    const ended = fixture.endings();
    // Long enough for all that follows, and short enough for others to be admitted.
    const tries = Math.round(20 * (await eventually(() => engine.workers[0]?.capacity || false)));
    const leaving = new AbortController();
    const { signal } = leaving;
    const left = expect(
      endpoint.request("/smallest", { text: "hello", tries }, { signal }),
    ).rejects.toThrow();
    await eventually(() => expect(engine.workers[0]?.lastReport?.num_requests_working).toBe(1));
    const beside = await endpoint.request("/digest", { text: "hello" }, { cost: 1 });
    expect(await beside.json()).toEqual({ result: { sha256: HELLO } });
    leaving.abort();
    await left;
    await eventually(() => expect(ended()).toMatchObject({ Success: 1, Cancelled: 1 }));
    const next = await endpoint.request("/smallest", { text: "hello", tries: 20_000 }, { cost: 20_000 });
    expect(await next.json()).toMatchObject({ result: { nonce: 13_072 } });
  });

  test("reports what is wrong with a payload", async () => {
    const { endpoint } = fixture;
    const faulty = [
      ["/digest", {}, { text: 'must be a text such as "hello", got nothing' }],
      [
        "/chain",
        { text: "x", length: "2" },
        { length: 'must be an integer from 1 to 10000, without quotes, got "2"' },
      ],
      [
        "/smallest",
        { text: "x", tries: 0 },
        { tries: "must be an integer from 1 to 1000000000, without quotes, got 0" },
      ],
    ] as const;
    for (const [route, payload, faults] of faulty) {
      const refused = await endpoint.request(route, payload, { cost: 1 });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toEqual({ payload: faults });
    }
  });

  test("is shown by its client", async () => {
    const ended = fixture.endings();
    expect(await fixture.client()).toContain("smallest  left after 0.5 s\nsmallest  of 20000: number 13072");
    await eventually(() => expect(ended()).toMatchObject({ Success: 3, Cancelled: 1, Error: 0 }));
  });
});
