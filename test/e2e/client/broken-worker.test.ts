import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { eventually } from "../../support/eventually.js";

interface Chunk {
  readonly choices: readonly { readonly text: string }[];
}

describe("a client and a real worker", () => {
  let fixture: ClientFixture;
  const endpoint = () =>
    new Serverless({ apiKey: "key", engineUrl: fixture.engine.url }).endpoint("endpoint");
  const endless = { prompt: "Hello", max_tokens: 1_000_000, stream: true };

  beforeEach(async () => {
    fixture = await ClientFixture.start({ model: { tokensPerSecond: 100 } });
  });
  afterEach(() => fixture.stop());

  test("cancelling an endless stream frees the model", async () => {
    const pending = endpoint().request<Chunk>("/v1/completions", endless, { stream: true });
    const reading = (async () => {
      for await (const _ of await pending) if (fixture.model.stats.produced > 10) pending.cancel();
    })();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    await eventually(() => fixture.model.stats.running === 0);
    await eventually(() => fixture.engine.totals.ended.Cancelled === 1);
  });

  test("a stream whose worker is killed ends with ANSWER_BROKEN", async () => {
    const seen: string[] = [];
    const reading = (async () => {
      const stream = await endpoint().request<Chunk>("/v1/completions", endless, { stream: true });
      for await (const { choices } of stream) {
        seen.push(choices[0]?.text ?? "");
        if (seen.length === 5) await fixture.worker.kill();
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: "ANSWER_BROKEN",
      message: expect.stringContaining(`the worker at ${fixture.worker.url} broke off`),
    });
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });

  test("a stream whose model crashes ends with an error", async () => {
    const reading = (async () => {
      const stream = await endpoint().request<Chunk>("/v1/completions", endless, { stream: true });
      for await (const _ of stream) if (fixture.model.state === "ready") fixture.model.crash();
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
  });

  test("a stream that is read to its end is counted as served", async () => {
    const payload = { prompt: "Hello", max_tokens: 3, stream: true };
    let text = "";
    for await (const { choices } of await endpoint().request<Chunk>("/v1/completions", payload, {
      stream: true,
    })) {
      text += choices[0]?.text ?? "";
    }
    expect(text).toMatch(/\w/);
    await eventually(() => expect(fixture.engine.totals.ended).toMatchObject({ Success: 1, Cancelled: 0 }));
  });

  test("a request to a crashed model is served after its restart", async () => {
    fixture.model.crash();
    const pending = endpoint().request("/v1/completions", { prompt: "Hello", max_tokens: 3 });
    await eventually(() => pending.status === "retrying" || pending.status === "polling");
    fixture.model.restart();
    expect((await pending).ok).toBe(true);
  });
});
