import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { ask, RawClient } from "../../support/http-client.js";
import { InspectClient } from "../../support/inspect-client.js";
import { scraped } from "../../support/metrics-text.js";
import { SessionClient } from "../../support/session-client.js";
import { frameBytes, upgradeBytes } from "../../support/socket-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

const TOKEN = "a token & more";

let open: WorkerFixture;
let guarded: WorkerFixture;
let guardedUrl: string;
beforeAll(async () => {
  const port = await freePort();
  guardedUrl = `http://127.0.0.1:${port}`;
  [open, guarded] = await Promise.all([
    WorkerFixture.start({ config: { inspect: { events: 50 }, maxSessions: null } }),
    WorkerFixture.start({ config: { inspect: { host: "0.0.0.0", port, token: TOKEN } } }),
  ]);
});
afterAll(async () => {
  await Promise.all([open.expectServing(), guarded.expectServing()]);
  await Promise.all([open.stop(), guarded.stop()]);
});

describe("the page", () => {
  test("is at /inspect, and loads nothing from elsewhere", async () => {
    const { localUrl } = open.worker;
    const moved = await ask(`${localUrl}/inspect/?token=x`, { method: "GET" });
    expect(moved).toMatchObject({ status: 307, headers: { location: "../inspect?token=x" } });
    const page = await ask(`${localUrl}/inspect`, { method: "GET" });
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    const links = [...page.body.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
    const files = links.filter((link) => !link.startsWith("data:"));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const url = new URL(file, `${localUrl}/inspect`);
      expect(url.origin).toBe(localUrl);
      expect((await ask(url.href, { method: "GET" })).status, file).toBe(200);
    }
  });

  test("is for GET and HEAD only", async () => {
    const { localUrl } = open.worker;
    expect((await ask(`${localUrl}/inspect`, { method: "POST", body: {} })).status).toBe(405);
    const head = await ask(`${localUrl}/inspect`, { method: "HEAD" });
    expect({ status: head.status, length: head.body.length }).toEqual({ status: 200, length: 0 });
    expect((await ask(`${localUrl}/inspect/no-such-file`, { method: "GET" })).status).toBe(404);
  });

  test("is not on the public port", async () => {
    expect((await ask(`${open.worker.url}/inspect`, { method: "GET" })).status).toBe(404);
    const client = InspectClient.dial(open.worker.url);
    await client.isClosed();
    expect(client.hellos).toEqual([]);
  });

  test("is at the configured port and host, and not on the second server then", async () => {
    expect((await ask(`${guardedUrl}/inspect`, { method: "GET" })).status).toBe(200);
    expect((await ask(`${guardedUrl}/healthz`, { method: "GET" })).status).toBe(404);
    expect((await ask(`${guarded.worker.localUrl}/inspect`, { method: "GET" })).status).toBe(404);
    expect((await ask(`${guarded.worker.localUrl}/healthz`, { method: "GET" })).status).toBe(200);
  });
});

test("without an inspector there is none", async () => {
  const fixture = await WorkerFixture.start();
  expect((await ask(`${fixture.worker.localUrl}/inspect`, { method: "GET" })).status).toBe(404);
  const client = InspectClient.dial(fixture.worker.localUrl);
  await client.isClosed();
  expect(client.hellos).toEqual([]);
  await fixture.stop();
});

describe("a token", () => {
  test.each([undefined, "", "wrong", `${TOKEN}x`, TOKEN.slice(1)])(
    "that is not the worker's: %j",
    async (token) => {
      const client = InspectClient.dial(guardedUrl, token === undefined ? {} : { token });
      await client.isClosed();
      expect(client).toMatchObject({
        closed: { code: 4401, reason: "expected the inspector's token, as ?token=" },
        hellos: [],
      });
    },
  );

  test("that is correct opens the page, at any name of the worker", async () => {
    const host = "worker.example.com:8080";
    for (const options of [{}, { host, origin: `http://${host}` }]) {
      const client = await InspectClient.connect(guardedUrl, { token: TOKEN, ...options });
      client.leave();
    }
  });
});

describe("a page of another origin", () => {
  test.each(["http://evil.example", "null", "http://127.0.0.1", "file://", "nonsense"])(
    "%s",
    async (origin) => {
      const client = InspectClient.dial(open.worker.localUrl, { origin });
      await client.isClosed();
      expect(client).toMatchObject({ closed: { code: 4403 }, hellos: [] });
      const knowing = InspectClient.dial(guardedUrl, { origin, token: TOKEN });
      await knowing.isClosed();
      expect(knowing).toMatchObject({ closed: { code: 4403 }, hellos: [] });
    },
  );

  test("that has a name for this machine", async () => {
    const host = `evil.example:${new URL(open.worker.localUrl).port}`;
    const client = InspectClient.dial(open.worker.localUrl, { host, origin: `http://${host}` });
    await client.isClosed();
    expect(client).toMatchObject({ closed: { code: 4403 }, hellos: [] });
  });

  test("is none where it is the worker's own", async () => {
    const { localUrl } = open.worker;
    const client = await InspectClient.connect(localUrl, { origin: localUrl });
    client.leave();
    const { port } = new URL(localUrl);
    const named = await InspectClient.connect(localUrl, {
      host: `localhost:${port}`,
      origin: `http://localhost:${port}`,
    });
    named.leave();
  });
});

describe("a page that misbehaves ends alone:", () => {
  const frames: readonly (readonly [string, string | Buffer])[] = [
    ["text", "hello"],
    ["JSON", '{"type":"hello"}'],
    ["bytes", Buffer.from([0xc1, 0xff, 0x00])],
    ["nothing", Buffer.alloc(0)],
  ];
  test.each(frames)("it sends %s", async (_, frame) => {
    const client = await InspectClient.connect(open.worker.localUrl);
    client.socket.send(frame);
    await client.isClosed();
    expect(client.closed).toEqual({ code: 4400, reason: "expected no messages from a page" });
  });

  test("it sends a megabyte", async () => {
    const client = await InspectClient.connect(open.worker.localUrl);
    client.socket.send(Buffer.alloc(1_000_000));
    await client.isClosed();
  });

  test("it sends what is no frame", async () => {
    const { port } = new URL(open.worker.localUrl);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `GET /inspect/socket HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(socket, "data");
    socket.resume();
    socket.write(Buffer.alloc(20, 0xff));
    await once(socket, "close");
  });
});

test("of 50 pages at once 32 are served, and the others refused with the reason", async () => {
  const { localUrl } = open.worker;
  const clients = Array.from({ length: 50 }, () => InspectClient.dial(localUrl));
  await eventually(() =>
    expect(clients.filter(({ hellos, closed }) => hellos.length > 0 || closed !== undefined)).toHaveLength(
      50,
    ),
  );
  const refused = clients.filter(({ closed }) => closed !== undefined);
  expect(refused).toHaveLength(18);
  for (const { closed } of refused) {
    expect(closed).toEqual({ code: 4429, reason: "expected at most 32 pages at once" });
  }
  const served = clients.filter(({ closed }) => closed === undefined);
  const before = served.map(({ ticks }) => ticks.length);
  await open.expectServing();
  await eventually(() => served.every(({ ticks }, index) => ticks.length > (before[index] ?? 0)));
  for (const each of served) each.leave();
  await eventually(async () => {
    const client = await InspectClient.connect(localUrl);
    client.leave();
  });
});

test("no more records are kept than are to be", async () => {
  await Promise.all(Array.from({ length: 60 }, () => open.post("/alive")));
  const client = await InspectClient.connect(open.worker.localUrl);
  expect(client.records.length).toBeLessThanOrEqual(100);
  expect(client.records.filter(({ kind }) => kind === "request").length).toBeGreaterThan(5);
  client.leave();
});

test("a page that stops reading is cut off, and the worker's memory stays bounded", async () => {
  const client = await RawClient.connect(open.worker.localUrl);
  client.send(upgradeBytes("/inspect/socket"));
  await client.receives("101 ");
  client.socket.pause();
  // The record of each session is large, so that within seconds it is more than sockets hold.
  const payload = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`field${n}`, "x".repeat(1000)]));
  await eventually(
    async () => {
      const sessions = await Promise.all(
        Array.from({ length: 10 }, () =>
          SessionClient.open(open, { on_close_route: "/closed", on_close_payload: payload }),
        ),
      );
      await Promise.all(sessions.map((session) => session.ask("end")));
      // A client that does not read notices the end of the connection when it writes.
      client.send(frameBytes(9));
      return client.closed;
    },
    { timeoutMs: 90_000, intervalMs: 20 },
  );
  const memory = (await scraped(open.worker)).get("process_resident_memory_bytes");
  expect(memory).toBeLessThan(400 * 1024 * 1024);
});
