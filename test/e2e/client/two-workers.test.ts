import { expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { eventually } from "../../support/eventually.js";

test("all requests complete although one of two workers is killed", async () => {
  const fixture = await ClientFixture.start({ model: { tokensPerSecond: 100 } });
  try {
    const victim = await fixture.startAnother();
    await eventually(() => fixture.engine.workers.filter(({ state }) => state === "idle").length === 2);
    const serverless = new Serverless({ apiKey: "key", engineUrl: fixture.engine.url, maxConcurrency: 16 });
    const endpoint = serverless.endpoint("endpoint");
    let killing: Promise<unknown> | undefined;
    let retries = 0;
    let completed = 0;
    const payload = { prompt: "Hello", max_tokens: 20 };
    const onStatus = (status: string) => {
      if (status === "retrying") retries += 1;
      if (status === "complete") completed += 1;
      if (completed === 40) killing ??= victim.kill();
    };
    const answers = await Promise.all(
      Array.from({ length: 120 }, async () => {
        const answer = await endpoint.request("/v1/completions", payload, { cost: 20, onStatus });
        const { usage } = await answer.json<{ usage: { completion_tokens: number } }>();
        return { tokens: usage.completion_tokens, url: answer.url, requestIdx: answer.requestIdx };
      }),
    );
    await killing;
    expect(answers.every(({ tokens }) => tokens === 20)).toBe(true);
    expect(new Set(answers.map(({ requestIdx }) => requestIdx)).size).toBe(120);
    expect(new Set(answers.map(({ url }) => url))).toEqual(new Set([fixture.worker.url, victim.url]));
    expect(retries).toBeGreaterThan(0);
    expect(fixture.engine.totals).toMatchObject({ requested: 120, requestedLoad: 2400 });
  } finally {
    await fixture.stop();
  }
});
