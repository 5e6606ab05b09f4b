import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { eventually } from "../../support/eventually.js";
import { test } from "../../support/lab.js";
import { type Posted, reportTaker } from "../../support/report-taker.js";

const endedIn = (posted: readonly Posted[]): readonly unknown[] =>
  posted.flatMap(({ body }) => (body as { requests?: readonly { request_idx: number }[] }).requests ?? []);

const sumIn = (posted: readonly Posted[], key: string): number =>
  posted.reduce((sum, { body }) => sum + Number(body[key]), 0);

test.concurrent("a 2xx is enough: a report is not told again because the rest of the answer broke off", async ({
  lab,
  onTestFinished,
}) => {
  const [engine, model] = [await lab.engine(), await lab.loadedModel()];
  const { url, posted, to } = await reportTaker(onTestFinished, (response) => {
    response.writeHead(201, { "content-length": 100 }).write("taken");
    setImmediate(() => response.destroy());
  });
  const worker = await lab.worker({ engine, model, env: { REPORT_ADDR: url, UNSECURED: "true" } });
  const asked = [1, 2, 4].map((cost) => ask(engine, worker, { cost }));
  for (const { answer } of asked) expect((await answer).status).toBe(200);
  expect(await worker.stop()).toBe(0);
  expect(endedIn(posted)).toHaveLength(3);
  expect(sumIn(to("/worker_status/"), "new_load")).toBe(7);
  expect(sumIn(to("/worker_status/"), "cur_perf")).toBe(7);
  expect(to("/worker_status/").filter(({ body }) => Number(body.loadtime) > 0)).toHaveLength(1);
});

test.concurrent("a redirect is no 2xx, wherever it leads: the report stays and is sent again", async ({
  lab,
  onTestFinished,
}) => {
  const [engine, model] = [await lab.engine(), await lab.loadedModel()];
  let isMoved = true;
  const taken: Posted[] = [];
  const { url } = await reportTaker(onTestFinished, (response, report) => {
    if (isMoved) response.writeHead(302, { location: "/maintenance" });
    else taken.push(report);
    response.end();
  });
  const worker = await lab.worker({ engine, model, env: { REPORT_ADDR: url, UNSECURED: "true" } });
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
