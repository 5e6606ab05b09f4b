import { expect } from "vitest";
import { VERSION } from "../../../src/shared/package-root.js";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { type Posted, reportTaker } from "../../support/report-taker.js";

const ANY_NUMBER = expect.any(Number);

test.concurrent("both reports have exactly the keys and types of the protocol", async ({
  cluster,
  onTestFinished,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const { url, posted, to } = await reportTaker(onTestFinished);
  // A base URL may have a path, and a slash at its end.
  const env = { UNSECURED: "true", REPORT_ADDR: `${url}/engine/`, CONTAINER_ID: "123" };
  const worker = await cluster.worker({ engine, model, env });
  const held = ask(engine, worker, { cost: 2.5, fate: "hold" });
  await eventually(() => expect(to("/engine/worker_status/").at(-1)?.body).toMatchObject({ cur_load: 2.5 }));
  await eventually(() => expect(model.held).toBe(1));
  model.release();
  await held.answer;
  await eventually(() => expect(to("/engine/delete_requests/")).toHaveLength(1));

  expect(to("/engine/worker_status/").length + 1).toBe(posted.length);
  for (const { contentType } of posted) expect(contentType).toBe("application/json");
  for (const { body } of to("/engine/worker_status/")) {
    expect(body).toStrictEqual({
      id: 123,
      mtoken: "the-master-token",
      version: VERSION,
      loadtime: ANY_NUMBER,
      cur_load: ANY_NUMBER,
      rej_load: 0,
      new_load: ANY_NUMBER,
      error_msg: "",
      max_perf: ANY_NUMBER,
      cur_perf: ANY_NUMBER,
      cur_capacity: 0,
      max_capacity: 0,
      num_requests_working: ANY_NUMBER,
      num_requests_recieved: ANY_NUMBER,
      additional_disk_usage: ANY_NUMBER,
      working_request_idxs: expect.any(Array),
      url: worker.url,
    });
  }
  expect(to("/engine/delete_requests/")[0]?.body).toStrictEqual({
    worker_id: 123,
    mtoken: "the-master-token",
    requests: [
      {
        request_idx: held.authData.request_idx,
        success: true,
        status: "Success",
        entered_queue_at: ANY_NUMBER,
        work_started_at: ANY_NUMBER,
        work_completed_at: ANY_NUMBER,
      },
    ],
  });
  // The change since the report before, in GiB; the first one has none before it.
  const [firstUsage, ...usages] = to("/engine/worker_status/").map(({ body }) =>
    Number(body.additional_disk_usage),
  );
  expect(firstUsage).toBe(0);
  for (const usage of usages) expect(Math.abs(usage)).toBeLessThan(5);
});

const endedIn = (posted: readonly Posted[]): readonly unknown[] =>
  posted.flatMap(({ body }) => (body as { requests?: readonly { request_idx: number }[] }).requests ?? []);

const sumIn = (posted: readonly Posted[], key: string): number =>
  posted.reduce((sum, { body }) => sum + Number(body[key]), 0);

test.concurrent("a 2xx is enough: a report is not sent again because the rest of the answer broke off", async ({
  cluster,
  onTestFinished,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const { url, posted, to } = await reportTaker(onTestFinished, (response) => {
    response.writeHead(201, { "content-length": 100 }).write("taken");
    setImmediate(() => response.destroy());
  });
  const worker = await cluster.worker({ engine, model, env: { REPORT_ADDR: url, UNSECURED: "true" } });
  const asked = [1, 2, 4].map((cost) => ask(engine, worker, { cost }));
  for (const { answer } of asked) expect((await answer).status).toBe(200);
  expect(await worker.stop()).toBe(0);
  expect(endedIn(posted)).toHaveLength(3);
  expect(sumIn(to("/worker_status/"), "new_load")).toBe(7);
  expect(sumIn(to("/worker_status/"), "cur_perf")).toBe(7);
  expect(to("/worker_status/").filter(({ body }) => Number(body.loadtime) > 0)).toHaveLength(1);
});

test.concurrent("a redirect is no 2xx, wherever it leads: the report stays and is sent again", async ({
  cluster,
  onTestFinished,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  let isMoved = true;
  const taken: Posted[] = [];
  const { url } = await reportTaker(onTestFinished, (response, report) => {
    if (isMoved) response.writeHead(302, { location: "/maintenance" });
    else taken.push(report);
    response.end();
  });
  const worker = await cluster.worker({ engine, model, env: { REPORT_ADDR: url, UNSECURED: "true" } });
  const served = ask(engine, worker, { cost: 3 });
  expect((await served.answer).status).toBe(200);
  const failed = () => worker.lines.filter(({ msg }) => msg === "report failed");
  await eventually(() => expect(failed()).toContainEqual(expect.objectContaining({ report: "ended" })));
  isMoved = false;
  await eventually(() =>
    expect(endedIn(taken)).toMatchObject([{ request_idx: served.authData.request_idx, status: "Success" }]),
  );
  await eventually(() =>
    expect(
      sumIn(
        taken.filter(({ path }) => path === "/worker_status/"),
        "new_load",
      ),
    ).toBe(3),
  );
});
