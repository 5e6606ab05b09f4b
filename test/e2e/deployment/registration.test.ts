import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";

/** The calls of the Python SDK and its command line, as they make them. */
async function client() {
  const engine = await startedEngine();
  const call = async (method: string, path: string, body?: unknown, key = "key") => {
    const response = await fetch(`${engine.url}/api/v0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  return { engine, call };
}

const CONFIG = {
  name: "square",
  image: "vastai/base-image:@vastai-automatic-tag",
  file_hash: "ab".repeat(32),
  file_size: 5,
  env: "-p 3000:3000/tcp -e REPORT_ADDR=http://127.0.0.1:1 -e TOKEN='a secret'",
  tag: "default",
  search_params: "gpu_name=RTX_4090",
  storage: 16,
  min_load: 1000,
};

const uploaded = (url: unknown, fields: unknown, content: string): Promise<Response> => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields as object)) form.append(name, value);
  form.append("file", new Blob([content], { type: "application/gzip" }), "tmpabc");
  return fetch(String(url), { method: "POST", body: form });
};

test("a deployment is registered, uploaded, shown, updated, stopped, started and deleted", async () => {
  const { engine, call } = await client();
  const { status, json: created } = await call("PUT", "/deployments/", CONFIG);
  expect([status, created.success, created.action]).toEqual([200, true, "created"]);
  const id = Number(created.deployment_id);
  expect(created.endpoint_id).toEqual(expect.any(Number));

  expect((await uploaded(created.upload_url, created.upload_fields, "four")).status).toBe(400);
  expect((await uploaded(created.upload_url, created.upload_fields, "bytes")).status).toBe(200);
  // It is taken once.
  expect((await uploaded(created.upload_url, created.upload_fields, "bytes")).status).toBe(403);

  expect((await call("PUT", "/deployments/", CONFIG)).json).toMatchObject({
    action: "exists",
    deployment_id: id,
  });
  expect((await call("PUT", "/deployments/", { ...CONFIG, min_load: 10 })).json.action).toBe(
    "autoscale_update",
  );
  const shown = (await call("GET", `/deployment/${id}/`)).json.deployment;
  expect(shown).toMatchObject({
    id,
    name: "square",
    tag: "default",
    endpoint_id: created.endpoint_id,
    endpoint_state: "active",
    worker_count: 0,
    image: CONFIG.image,
    storage: 16,
    search_params: CONFIG.search_params,
    file_hash: CONFIG.file_hash,
    current_version_id: 1,
    ttl: null,
    last_client_heartbeat: null,
    created_at: expect.any(Number),
    updated_at: expect.any(Number),
  });
  expect(JSON.stringify(shown)).not.toContain("a secret");
  expect((await call("GET", "/deployments")).json.deployments).toMatchObject([{ id }]);
  const endpoint = (await call("GET", `/endptjobs/${created.endpoint_id}/`)).json.result;
  expect(endpoint).toMatchObject({ endpoint_name: "square", min_load: 10 });

  const update = (await call("PUT", "/deployments/", { ...CONFIG, file_hash: "cd".repeat(32) })).json;
  expect(update).toMatchObject({ action: "soft_update", workergroup_id: expect.any(Number) });
  await uploaded(update.upload_url, update.upload_fields, "other");
  const { json: versions } = await call("GET", `/deployment/${id}/versions/`);
  expect(versions).toMatchObject({ success: true, versions: [{ id: 1 }, { id: 2 }] });
  const groups = (await call("GET", "/workergroups/")).json.results;
  expect(groups).toMatchObject([{ id: update.workergroup_id, deployment_id: id }]);
  expect(JSON.stringify(groups)).not.toContain("a secret");

  const { json: located } = await call("GET", `/deployment/${id}/download_url/`);
  expect(await (await fetch(String(located.download_url))).text()).toBe("other");
  expect((await call("GET", `/deployment/${id}/download_url/`, undefined, "wrong")).status).toBe(401);
  expect((await fetch(`${engine.url}/deployment_code/?id=${id}&key=wrong`)).status).toBe(403);

  expect((await call("POST", `/deployment/${id}/heartbeat/`)).json).toEqual({ success: true });
  expect((await call("POST", `/deployment/${id}/stop/`, {})).json).toEqual({
    success: true,
    endpoint_state: "stopped",
  });
  expect((await call("POST", `/deployment/${id}/start/`, {})).json).toEqual({
    success: true,
    endpoint_state: "active",
  });
  expect((await call("DELETE", "/deployments/", { name: "square" })).json).toEqual({
    success: true,
    count: 1,
  });
  expect((await call("GET", `/deployment/${id}/`)).status).toBe(404);
});

test("invalid registrations and calls are refused with their reason", async () => {
  const { engine, call } = await client();
  const refused = async (change: object): Promise<unknown> => {
    const { status, json } = await call("PUT", "/deployments/", { ...CONFIG, ...change });
    expect(status).toBe(400);
    return json.msg;
  };
  expect(await refused({ name: "a b" })).toContain("name: expected 1 to 64 letters");
  expect(await refused({ file_hash: "xyz" })).toContain("file_hash: expected a hash");
  expect(await refused({ file_size: 0 })).toContain("file_size: expected a number of bytes");
  expect(await refused({ image: "" })).toContain("image: expected the name of an image");
  expect(await refused({ ttl: -1 })).toContain("ttl: expected seconds");
  expect(await refused({ target_util: 5 })).toContain("target_util: expected a number over 0");
  expect((await call("PUT", "/deployments/", CONFIG, "wrong")).status).toBe(401);
  for (const path of ["", "versions/", "stop/", "start/", "heartbeat/"]) {
    const method = path === "" || path === "versions/" ? "GET" : "POST";
    expect((await call(method, `/deployment/99/${path}`)).json).toMatchObject({
      msg: "no such deployment: 99",
    });
  }
  expect((await call("DELETE", "/deployments/", { name: "none" })).json).toMatchObject({
    msg: "no such deployment: none",
  });
  expect((await uploaded(`${engine.url}/deployment_uploads/?key=x`, {}, "bytes")).status).toBe(403);
});

test("a deployment with a time to live is stopped when no heartbeat comes", async () => {
  const { call } = await client();
  const { deployment_id: id } = (await call("PUT", "/deployments/", { ...CONFIG, ttl: 0.2 })).json;
  await eventually(async () => {
    const { deployment } = (await call("GET", `/deployment/${id}/`)).json;
    expect(deployment).toMatchObject({ endpoint_state: "stopped", ttl: 0.2 });
  });
});
