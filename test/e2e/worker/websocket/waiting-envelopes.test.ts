import { afterAll, beforeAll, expect, test } from "vitest";
import { servedByNode } from "../../../support/served-by.js";
import { SocketClient } from "../../../support/socket-client.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const MIB = 1024 * 1024;
/** WebSockets whose first messages have room: on uWebSockets.js each may have 16 MiB, on node:http 128 KiB. */
const ROOM = 2;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/ws", websocket: true, allowParallelRequests: true, maxQueueTime: null }],
    config: { maxUnverifiedBytes: ROOM * (servedByNode ? 128 * 1024 : 16 * MIB) },
  });
});
afterAll(() => fixture.stop());

test("WebSockets that do not send their envelope are closed where too many wait; the others are served", async () => {
  const clients: SocketClient[] = [];
  for (let n = 0; n <= ROOM; n++) clients.push(await SocketClient.connect(`${fixture.worker.url}/ws`));
  const [oldest, ...others] = clients;
  const reason =
    "too many WebSockets wait for their envelope: send it at once, or as the query parameter envelope";
  expect(await oldest?.isClosed()).toMatchObject({ code: 4503, reason });
  for (const client of others) {
    client.send({});
    expect(await client.isClosed()).toMatchObject({ code: 4422 });
  }
  await fixture.expectServing();
});

test.skipIf(servedByNode)(
  "a first message of more than 16 MiB is cut off, and little of it was kept",
  async () => {
    const before = await fixture.worker.memory();
    const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
    client.socket.send(Buffer.alloc(64 * MIB));
    expect(await client.isClosed()).toMatchObject({ code: 1006 });
    expect((await fixture.worker.memory()) - before).toBeLessThan(32 * MIB);
    await fixture.expectServing();
  },
);
