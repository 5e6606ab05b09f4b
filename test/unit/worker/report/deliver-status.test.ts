import { describe, expect, test } from "vitest";
import type { WorkerStatus } from "../../../../src/shared/wire.js";
import { eventually } from "../../../support/eventually.js";
import { deliveries, MASTER_TOKEN } from "../../support/deliveries.js";
import { answering, engineStub, unusedAddress } from "../../support/engine-stub.js";

describe("a status report", () => {
  test("has the counts, the condition and the worker's identity", async () => {
    const engine = await engineStub(answering(200));
    const { ledger, entry, deliver } = deliveries();
    const [done, running] = [entry({ workload: 30 }), entry({ requestIdx: 9, workload: 7 })];
    ledger.receive(done);
    ledger.receive(running);
    ledger.end(done, "success", 2000);
    ledger.reject(entry({ workload: 5 }));
    await deliver({ address: engine.url, condition: { maxPerf: 50, errorMsg: "broken", loadtime: 1.5 } });
    expect(engine.seen).toMatchObject([
      { method: "POST", path: "/worker_status/", headers: { "content-type": "application/json" } },
    ]);
    expect(JSON.parse(engine.seen[0]?.body ?? "")).toEqual({
      id: 17,
      mtoken: MASTER_TOKEN,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      loadtime: 1.5,
      cur_load: 7,
      rej_load: 5,
      new_load: 37,
      error_msg: "broken",
      max_perf: 50,
      cur_perf: 30,
      cur_capacity: 0,
      max_capacity: 0,
      num_requests_working: 1,
      num_requests_recieved: 3,
      additional_disk_usage: 0,
      working_request_idxs: [9],
      url: "http://203.0.113.7:41000",
    } satisfies WorkerStatus);
  });

  test.each([200, 201, 204, 299])(
    "that is answered %d leaves the ledger, with the load time that it held",
    async (status) => {
      const engine = await engineStub(answering(status));
      const { ledger, entry, deliver } = deliveries();
      ledger.reject(entry());
      const delivered = await deliver({
        address: engine.url,
        condition: { maxPerf: 0, errorMsg: "", loadtime: 1.5 },
      });
      expect(delivered).toEqual({ loadtime: 1.5, more: false });
      expect(ledger.status().rejLoad).toBe(0);
    },
  );

  test.each([300, 304, 400, 404, 500, 503])("that is answered %d stays in the ledger", async (status) => {
    const engine = await engineStub(answering(status));
    const { ledger, entry, warnings, deliver } = deliveries();
    ledger.reject(entry());
    await expect(deliver({ address: engine.url })).rejects.toMatchObject({
      code: "REPORT_FAILED",
      message: `${engine.url}/worker_status/ answered ${status}, expected 2xx`,
    });
    expect(ledger.status().rejLoad).toBe(10);
    expect(warnings()).toMatchObject([{ report: "status", fault: expect.stringContaining(String(status)) }]);
  });

  test("that is answered with a redirect stays in the ledger, even where that would lead to a 200", async () => {
    const engine = await engineStub((response, { path }) => {
      if (path === "/elsewhere") response.end();
      else response.writeHead(302, { location: "/elsewhere" }).end();
    });
    const { ledger, entry, deliver } = deliveries();
    ledger.reject(entry());
    await expect(deliver({ address: engine.url })).rejects.toThrow("answered 302");
    expect(ledger.status().rejLoad).toBe(10);
  });

  test("leaves the ledger with the 2xx, even when the rest of the answer does not come", async () => {
    const engine = await engineStub((response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    const { ledger, entry, deliver } = deliveries();
    ledger.reject(entry());
    await deliver({ address: engine.url });
    expect(ledger.status().rejLoad).toBe(0);
  });

  test("that reaches no engine stays in the ledger, with the reason", async () => {
    const { ledger, entry, lines, deliver } = deliveries();
    ledger.reject(entry());
    await expect(deliver({ address: await unusedAddress() })).rejects.toMatchObject({
      code: "REPORT_FAILED",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(ledger.status().rejLoad).toBe(10);
    expect(JSON.stringify(lines)).not.toContain(MASTER_TOKEN);
  });

  test("does not take with it what arrived while it was in flight", async () => {
    const { ledger, entry, deliver } = deliveries();
    const engine = await engineStub((response) => {
      ledger.reject(entry({ workload: 3 }));
      response.end();
    });
    ledger.reject(entry({ workload: 10 }));
    await deliver({ address: engine.url });
    expect(ledger.status()).toMatchObject({ rejLoad: 3, received: 1 });
  });

  test("that is no longer wanted is broken off, without a warning", async () => {
    let isClosed = false;
    const engine = await engineStub((response) => {
      response.on("close", () => {
        isClosed = true;
      });
    });
    const { begin, warnings } = deliveries();
    const delivery = begin({ address: engine.url });
    await eventually(() => expect(engine.seen).toHaveLength(1));
    delivery.stop();
    await eventually(() => isClosed);
    expect(warnings()).toEqual([]);
  });
});
