import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ask } from "../../support/http-client.js";
import { temporaryFolder } from "../../support/process-engine.js";
import { codeIn, post, startedGateway } from "../../support/started-gateway.js";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test("a file of keys is read again when it changes, and its last good keys stay", async () => {
  const { engine } = await tinyEndpoint((response) => response.end("{}"));
  const keysFile = join(await temporaryFolder(), "keys.json");
  await writeFile(keysFile, JSON.stringify({ keys: [{ name: "alice", key: "sk-alice-0001" }] }));
  const url = `${(await startedGateway(engine.url, { keysFile })).url}/v1/completions`;
  const statusOf = async (key: string): Promise<number> => (await post(url, {}, bearer(key))).status;
  expect(await statusOf("sk-alice-0001")).toBe(200);
  expect(await statusOf("sk-bob-00001")).toBe(401);
  await writeFile(keysFile, JSON.stringify({ keys: [{ name: "bob", key: "sk-bob-00001" }] }));
  await eventually(async () => expect(await statusOf("sk-bob-00001")).toBe(200));
  expect(await statusOf("sk-alice-0001")).toBe(401);
});

test("a file of keys with an error is one of the start", async () => {
  const keysFile = join(await temporaryFolder(), "keys.json");
  await writeFile(keysFile, '{"keys": [{"key": "short"}]}');
  await expect(startedGateway("http://127.0.0.1:9", { keysFile })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("keys.0.key"),
  });
});

test("a key has limits of requests, workload and concurrency, which answers show", async () => {
  let finish = (): void => {};
  const { engine, worker } = await tinyEndpoint((response, { body }) => {
    if (JSON.stringify(body).includes("wait")) finish = () => response.end("{}");
    else response.end("{}");
  });
  const keys = [
    { name: "few", key: "sk-few-000001", requestsPerMinute: 2 },
    { name: "light", key: "sk-light-0001", workloadPerMinute: 150 },
    { name: "one", key: "sk-one-000001", concurrency: 1 },
  ];
  const gateway = await startedGateway(engine.url, { keys });
  const url = `${gateway.url}/v1/completions`;

  const first = await post(url, {}, bearer("sk-few-000001"));
  expect(first.status).toBe(200);
  expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
  expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
  expect((await post(url, {}, bearer("sk-few-000001"))).status).toBe(200);
  const third = await post(url, {}, bearer("sk-few-000001"));
  expect(third.status).toBe(429);
  expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await codeIn(third)).toBe("rate_limit_exceeded");

  expect((await post(url, { max_tokens: 100 }, bearer("sk-light-0001"))).status).toBe(200);
  expect(await codeIn(await post(url, { max_tokens: 100 }, bearer("sk-light-0001")))).toBe(
    "rate_limit_exceeded",
  );
  expect(await codeIn(await post(url, { max_tokens: 200 }, bearer("sk-light-0001")))).toBe(
    "request_too_large",
  );

  const running = post(url, { prompt: "wait" }, bearer("sk-one-000001"));
  await eventually(() => gateway.active === 1 && worker.seen.length === 4);
  const second = await post(url, {}, bearer("sk-one-000001"));
  expect(await codeIn(second)).toBe("concurrency_limit_exceeded");
  finish();
  expect((await running).status).toBe(200);
  await eventually(() => gateway.active === 0);
  expect((await post(url, {}, bearer("sk-one-000001"))).status).toBe(200);
});

test("a key's priority is bounded", async () => {
  const { engine, worker } = await tinyEndpoint((response) => response.end("{}"));
  const gateway = await startedGateway(engine.url, { keys: [{ key: "sk-some-0001", maxPriority: 3 }] });
  const headers = { ...bearer("sk-some-0001"), "x-priority": "9" };
  expect((await post(`${gateway.url}/v1/completions`, {}, headers)).status).toBe(200);
  expect(worker.seen[0]?.headers["x-priority"]).toBe("3");
});

test.each([
  ["a page", { origin: "https://example.com" }, "foreign_origin"],
  ["another host's name", { host: "example.com" }, "foreign_host"],
])("without keys, %s is refused", async (_, headers, code) => {
  const { engine } = await tinyEndpoint((response) => response.end("{}"));
  const gateway = await startedGateway(engine.url);
  const reply = await ask(`${gateway.url}/v1/completions`, { headers, body: {} });
  expect(reply.status).toBe(403);
  expect(reply.json()).toMatchObject({ error: { type: "permission_error", code } });
});
