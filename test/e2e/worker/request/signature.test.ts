import { createSign, generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { signedMessage } from "../../../../src/shared/signed-message.js";
import { eventually } from "../../../support/eventually.js";
import { type SentEnvelope, WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** An envelope with another signature, or another URL than the signed one. */
function forged(auth: { readonly signature?: string; readonly url?: string }): SentEnvelope {
  const { auth_data, payload } = fixture.envelope();
  return { auth_data: { ...auth_data, ...auth }, payload };
}

async function isRefused(body: SentEnvelope): Promise<void> {
  const asked = fixture.model.requests.length;
  const reply = await fixture.ask("/go", { body });
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 401,
    body: { error: expect.stringContaining("signature") },
  });
  expect(reply.headers["content-type"]).toBe("application/json");
  expect(fixture.model.requests.length).toBe(asked);
}

test("a request that the engine signed is served, again and again", async () => {
  for (const _ of [1, 2, 3]) expect(await fixture.post("/go")).toMatchObject({ status: 200 });
});

test("the URL may hold anything that JSON can", async () => {
  for (const url of ["http://ü.example:1/", 'http://"quoted"\\', "http://\u{1f600}/\x7f", ""]) {
    const auth_data = fixture.engine.authData({ url });
    expect(await fixture.ask("/go", { body: { auth_data, payload: {} } })).toMatchObject({ status: 200 });
  }
});

describe("answered 401 is", () => {
  test("a signature that was changed", async () => {
    const { signature } = fixture.envelope().auth_data;
    await isRefused(forged({ signature: (signature.startsWith("A") ? "B" : "A") + signature.slice(1) }));
  });

  test("a signature for another URL", async () => {
    await isRefused(forged({ signature: fixture.engine.sign("http://elsewhere:1") }));
    await isRefused(forged({ url: "http://elsewhere:1" }));
  });

  test("a signature by another key", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const signing = createSign("sha256").update(signedMessage(fixture.worker.url));
    await isRefused(forged({ signature: signing.sign(privateKey, "base64") }));
  });

  test.each(["", "AAAA", "not base64!", "ü\u{1f600}", "A".repeat(15_000)])(
    "the signature %.20s",
    async (signature) => {
      await isRefused(forged({ signature }));
    },
  );
});

test("what was refused counts as rejected with the usual workload, and none of its claims is reported", async () => {
  const before = fixture.engine.totals.rejectedLoad;
  const running = fixture.envelope();
  const body = { ...running, auth_data: { ...running.auth_data, cost: "1e12", signature: "AAAA" } };
  await isRefused(body);
  await eventually(() => expect(fixture.engine.totals.rejectedLoad - before).toBeGreaterThanOrEqual(100));
  expect(await fixture.ask("/go", { body: running })).toMatchObject({ status: 200 });
  await fixture.expectReported(running, "Success");
  expect(fixture.engine.totals.rejectedLoad).toBeLessThan(1e6);
});
