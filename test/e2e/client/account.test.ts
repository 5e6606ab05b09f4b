import { expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

const account = async () => {
  const engine = await startedEngine({ accountKey: "account" });
  return { engine, serverless: new Serverless({ apiKey: "account", engineUrl: engine.url }) };
};

test("endpoints are created, listed, fetched, changed and deleted", async () => {
  const { serverless } = await account();
  const id = await serverless.createEndpoint({ endpoint_name: "other", min_load: 5, max_workers: 2 });
  expect((await serverless.getEndpoints()).map(({ endpoint_name }) => endpoint_name)).toEqual([
    "endpoint",
    "other",
  ]);
  const created = await serverless.getEndpoint(id);
  expect(created).toMatchObject({ id, endpoint_name: "other", min_load: 5, max_workers: 2 });
  expect(created.api_key).toEqual(expect.any(String));
  expect(await serverless.getEndpoint("other")).toEqual(created);
  await serverless.updateEndpoint(id, { min_load: 7, endpoint_state: "suspended" });
  expect(await serverless.getEndpoint(id)).toMatchObject({
    min_load: 7,
    max_workers: 2,
    endpoint_state: "suspended",
  });
  await expect(serverless.createEndpoint({ endpoint_name: "other" })).rejects.toMatchObject({
    code: "ENGINE_REFUSED",
    message: expect.stringContaining("other already"),
  });
  await serverless.deleteEndpoint(id);
  await expect(serverless.getEndpoint(id)).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
  await expect(serverless.getEndpoint("other")).rejects.toThrow(
    'the account has no endpoint "other"; its endpoints are: "endpoint"',
  );
});

test("a new endpoint is found immediately, although it was looked up before", async () => {
  const { engine, serverless } = await account();
  const worker = await tinyWorker((response) => response.end("{}"));
  await expect(serverless.endpoint("later").request("/go", {})).rejects.toMatchObject({
    code: "ENGINE_REFUSED",
  });
  const id = await serverless.createEndpoint({ endpoint_name: "later" });
  expect(await serverless.endpoint("later").workers()).toEqual([]);
  await worker.announce(engine);
  expect((await serverless.endpoint("endpoint").request("/go", {})).ok).toBe(true);
  await serverless.deleteEndpoint(id);
});

test("workergroups are created, listed and deleted", async () => {
  const { serverless } = await account();
  const endpoint = await serverless.createEndpoint({ endpoint_name: "other", min_load: 0, cold_workers: 0 });
  const id = await serverless.createWorkergroup({ endpoint_id: endpoint, template_hash: "abc", gpu_ram: 24 });
  const byName = await serverless.createWorkergroup({ endpoint_name: "other", template_hash: "def" });
  const groups = await serverless.getWorkergroups();
  expect(groups.find((group) => group.id === id)).toMatchObject({
    endpoint_id: endpoint,
    endpoint_name: "other",
    template_hash: "abc",
    gpu_ram: 24,
  });
  expect(groups.map((group) => group.id)).toContain(byName);
  await serverless.deleteWorkergroup(id);
  expect((await serverless.getWorkergroups()).map((group) => group.id)).not.toContain(id);
  await expect(serverless.deleteWorkergroup(id)).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
});
