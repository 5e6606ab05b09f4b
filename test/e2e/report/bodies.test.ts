import { expect } from "vitest";
import { VERSION } from "../../../src/version.js";
import { ask } from "../../support/client.js";
import { eventually } from "../../support/eventually.js";
import { test } from "../../support/lab.js";
import { reportTaker } from "../../support/report-taker.js";

const ANY_NUMBER = expect.any(Number);

test.concurrent("both reports have exactly the keys and types of the protocol", async ({
  lab,
  onTestFinished,
}) => {
  const [engine, model] = [await lab.engine(), await lab.loadedModel()];
  const { url, posted, to } = await reportTaker(onTestFinished);
  // A base URL may have a path, and a slash at its end.
  const env = { UNSECURED: "true", REPORT_ADDR: `${url}/engine/`, CONTAINER_ID: "123" };
  const worker = await lab.worker({ engine, model, env });
  const held = ask(engine, worker, { cost: 2.5, fate: "hold" });
  await eventually(() => expect(to("/engine/worker_status/").at(-1)?.body).toMatchObject({ cur_load: 2.5 }));
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
