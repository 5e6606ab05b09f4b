import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type Cluster, test } from "../../support/cluster.js";
import { type Asking, ask } from "../../support/http-client.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const TOKEN = "the-master-token";

/** Requests the update. */
const update = (worker: WorkerProcess, authorization: string | undefined, asking: Asking = {}) =>
  ask(`${worker.url}/pyworker/update`, {
    ...asking,
    ...(authorization !== undefined && { headers: { authorization } }),
  });

/** A worker whose model still loads, and where it leaves its sign. */
async function setUp(cluster: Cluster, variables: Readonly<Record<string, string | undefined>> = {}) {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const file = join(await cluster.folder(), "update");
  const worker = await cluster.worker(
    { engine, model, env: { FORCE_UPDATE_FILE: file, ...variables } },
    "loading",
  );
  return { worker, file };
}

describe("POST /pyworker/update", () => {
  test("with the worker's token it leaves an empty file, while the model still loads, too", async ({
    cluster,
  }) => {
    const { worker, file } = await setUp(cluster);
    // The name of the scheme may be written in any case.
    for (const scheme of ["Bearer", "bearer"]) {
      const reply = await update(worker, `${scheme} ${TOKEN}`);
      expect({ status: reply.status, body: reply.json() }).toEqual({ status: 200, body: { ok: true } });
      expect(readFileSync(file, "utf8")).toBe("");
    }
    // The update itself is done outside of the worker, which continues as before.
    expect((await update(worker, `Bearer ${TOKEN}`)).status).toBe(200);
    expect(worker.states).toEqual(["loading"]);
  });

  test("with anything else it is refused, and nothing is written", async ({ cluster }) => {
    const { worker, file } = await setUp(cluster);
    for (const authorization of [
      undefined,
      "",
      TOKEN,
      "Bearer",
      "Bearer ",
      "Bearer another-token",
      `Bearer ${TOKEN} `.repeat(2),
      `Bearer ${TOKEN.toUpperCase()}`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN}x`,
      `Basic ${TOKEN}`,
      `Token ${TOKEN}`,
    ]) {
      const reply = await update(worker, authorization);
      expect({ authorization, status: reply.status, body: reply.json() }).toEqual({
        authorization,
        status: 401,
        body: { error: expect.any(String) },
      });
      expect(reply.body.toString()).not.toContain(TOKEN);
    }
    expect(
      (await ask(`${worker.url}/pyworker/update?mtoken=${TOKEN}`, { body: { mtoken: TOKEN } })).status,
    ).toBe(401);
    expect(existsSync(file)).toBe(false);
  });

  test("a worker without a token takes none", async ({ cluster }) => {
    for (const token of ["", undefined]) {
      const { worker, file } = await setUp(cluster, { MASTER_TOKEN: token });
      for (const authorization of [undefined, "", "Bearer", "Bearer ", "Bearer undefined"]) {
        expect((await update(worker, authorization)).status).toBe(401);
      }
      await worker.stop();
      expect(existsSync(file)).toBe(false);
    }
  });

  test("other methods are refused, even with the token", async ({ cluster }) => {
    const { worker, file } = await setUp(cluster);
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const reply = await update(worker, `Bearer ${TOKEN}`, { method });
      expect({ method, status: reply.status, allow: reply.headers.allow }).toEqual({
        method,
        status: 405,
        allow: "POST",
      });
    }
    expect(existsSync(file)).toBe(false);
  });

  test("a place that cannot be written to is an error, and the worker continues", async ({ cluster }) => {
    const { worker } = await setUp(cluster, { FORCE_UPDATE_FILE: "/nowhere/update" });
    const reply = await update(worker, `Bearer ${TOKEN}`);
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 500,
      body: { error: "the worker failed to handle the request" },
    });
    expect(worker.states).toEqual(["loading"]);
  });

  test("the token is in no log, whether it was right or nearly", async ({ cluster }) => {
    const { worker } = await setUp(cluster, { LOG_LEVEL: "trace" });
    for (const token of [TOKEN, `${TOKEN}x`]) await update(worker, `Bearer ${token}`);
    expect(await worker.stop()).toBe(0);
    expect(worker.text + JSON.stringify(worker.lines)).not.toContain(TOKEN);
  });
});
