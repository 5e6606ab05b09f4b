import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRecording } from "../../../src/inspector/recorder/recording.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { statelyServer } from "../../support/stately-server.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

// What shows a worker without a page, next to a real one.

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tsworker-inspect-"));
});
afterAll(() => rm(directory, { recursive: true }));

test("tsworker inspect prints what happens, and what it records can be read back", async () => {
  const fixture = await WorkerFixture.start({ config: { inspect: { token: "the token" } } });
  const file = join(directory, "recording.ndjson");
  const { localUrl } = fixture.worker;
  const refused = tsworker("inspect", localUrl);
  expect(await refused.exitCode).toBe(1);
  expect(refused.stderr()).toContain("token");
  const command = tsworker("inspect", localUrl, "--token", "the token", "--past", "all", "--record", file);
  await eventually(() =>
    expect(command.stdout()).toMatch(/benchmarking → verifying|verifying → ready|→ ready/),
  );
  expect((await fixture.post("/alive")).status).toBe(200);
  await eventually(() => expect(command.stdout()).toMatch(/\/alive +success +200/));
  await fixture.stop();
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toMatch(/worker .*draining\.reporting → stopped/);
  const { hello, ticks, isCutOff } = parseRecording(await readFile(file, "utf8"));
  expect(isCutOff).toBe(false);
  const records = [...hello.records, ...ticks.flatMap((tick) => tick.records)];
  expect(records.find(({ kind }) => kind === "request")).toMatchObject({
    route: "/alive",
    outcome: "success",
  });
  expect(records.findLast((record) => record.kind === "event" && record.actor === "worker")).toMatchObject({
    state: "stopped",
    status: "done",
  });
});

test("Stately's tools receive the same, by a relay of theirs", async () => {
  const port = await freePort();
  await statelyServer(port);
  const messages: StatelyInspectionEvent[] = [];
  const receiver = createWebSocketReceiver({ server: `ws://127.0.0.1:${port}` }).subscribe((message) =>
    messages.push(message),
  );
  const fixture = await WorkerFixture.start({ env: { INSPECT_STATELY: `ws://127.0.0.1:${port}` } });
  await eventually(() => {
    const actors = messages.flatMap((message) => (message.type === "@xstate.actor" ? [message.name] : []));
    expect(actors).toEqual(expect.arrayContaining(["worker", "edge", "model", "queue./alive", "sessions"]));
  });
  expect((await fixture.post("/alive")).status).toBe(200);
  await eventually(() => {
    const events = messages.flatMap((message) =>
      message.type === "@xstate.event" ? [message.event.type] : [],
    );
    expect(events).toEqual(expect.arrayContaining(["model.loaded", "request.arrived", "request.ended"]));
  });
  await fixture.stop();
  await eventually(() => {
    const states = messages.flatMap((message) =>
      message.type === "@xstate.snapshot" && "value" in message.snapshot ? [message.snapshot.value] : [],
    );
    expect(states).toEqual(expect.arrayContaining(["ready", "stopped"]));
  });
  receiver.unsubscribe();
});
