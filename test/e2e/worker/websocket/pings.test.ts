import { afterAll, beforeAll, expect, test } from "vitest";
import { RawClient } from "../../../support/http-client.js";
import { frameBytes, upgradeBytes } from "../../../support/socket-client.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const MEGABYTE = 1024 * 1024;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ handlers: [{ route: "/ws", websocket: true }] });
});
afterAll(() => fixture.stop());

const ping = frameBytes(9, Buffer.alloc(125));

test("a client that pings on and does not read the answers is cut off", async () => {
  const before = await fixture.worker.memory();
  const client = await RawClient.connect(fixture.worker.url);
  client.send(upgradeBytes("/ws"));
  await client.receives("101");
  client.socket.pause();
  client.send(Buffer.alloc(1_000_000 * ping.length, ping));
  await client.isClosed(60_000);
  expect((await fixture.worker.memory()) - before).toBeLessThan(60 * MEGABYTE);
  await fixture.expectServing();
});

test("one that reads them may ping as much as it likes", async () => {
  const client = await RawClient.connect(fixture.worker.url);
  client.send(upgradeBytes("/ws"));
  await client.receives("101");
  let answered = 0;
  client.socket.on("data", (bytes) => {
    answered += bytes.length;
  });
  for (let round = 0; round < 200; round++) {
    client.send(Buffer.alloc(20 * ping.length, ping));
    await fixture.roundTrip();
  }
  expect(client.closed).toBe(false);
  expect(answered).toBeGreaterThan(100 * 20 * 127);
  client.leave();
});
