import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { close, httpUrl, listen } from "../../../../src/shared/listen.js";
import { ReportClient } from "../../../../src/worker/report/report-client.js";
import { eventually } from "../../../support/eventually.js";

const NEVER = new AbortController().signal;
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

const bytes = (text: string): readonly Buffer[] => [Buffer.from(text)];

function newClient(): ReportClient {
  const client = new ReportClient();
  onTestFinished(() => client.close());
  return client;
}

/** A server that sees sockets and the bytes that come over each. */
async function rawEngine(onData: (socket: Socket, connection: number, text: string) => void) {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    const connection = sockets.push(socket);
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => onData(socket, connection, text));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = httpUrl("127.0.0.1", (server.address() as AddressInfo).port);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url, sockets: sockets as readonly Socket[] };
}

describe("the connection to the engine", () => {
  test("is kept: reports one after another take one", async () => {
    const engine = await rawEngine((socket) => socket.write(ANSWER));
    const client = newClient();
    for (let count = 0; count < 5; count++) await client.post(engine.url, bytes('{"a":1}'), 5000, NEVER);
    expect(engine.sockets).toHaveLength(1);
  });

  test("is closed with the client", async () => {
    const engine = await rawEngine((socket) => socket.write(ANSWER));
    const client = newClient();
    await client.post(engine.url, bytes("{}"), 5000, NEVER);
    client.close();
    await eventually(() => expect(engine.sockets[0]?.readableEnded).toBe(true));
  });

  test("that the engine closed meanwhile is replaced by a new one, once", async () => {
    const bodies: string[] = [];
    const engine = await rawEngine((socket, connection, text) => {
      if (connection === 1 && bodies.length === 1) socket.resetAndDestroy();
      else {
        bodies.push(text.slice(text.indexOf("\r\n\r\n") + 4));
        socket.write(ANSWER);
      }
    });
    const client = newClient();
    await client.post(engine.url, bytes('{"a":1}'), 5000, NEVER);
    await client.post(engine.url, bytes('{"a":2}'), 5000, NEVER);
    expect(bodies).toEqual(['{"a":1}', '{"a":2}']);
    expect(engine.sockets).toHaveLength(2);
  });

  test("that is new is not tried again by itself", async () => {
    const engine = await rawEngine((socket) => socket.resetAndDestroy());
    await expect(newClient().post(engine.url, bytes("{}"), 5000, NEVER)).rejects.toMatchObject({
      code: "REPORT_FAILED",
      message: expect.stringContaining(`${engine.url} did not answer: `),
    });
    expect(engine.sockets).toHaveLength(1);
  });

  test("that ends twice in a row is a failure", async () => {
    let answered = 0;
    const engine = await rawEngine((socket) => {
      if (answered++ === 0) socket.write(ANSWER);
      else socket.resetAndDestroy();
    });
    const client = newClient();
    await client.post(engine.url, bytes("{}"), 5000, NEVER);
    await expect(client.post(engine.url, bytes("{}"), 5000, NEVER)).rejects.toThrow("did not answer");
    expect(engine.sockets).toHaveLength(2);
  });
});

describe("an answer", () => {
  test("without an end is read for 64 KiB and its status counts", async () => {
    let written = 0;
    const engine = await rawEngine((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      const piece = `10000\r\n${"x".repeat(65_536)}\r\n`;
      const more = (): void => {
        if (socket.destroyed) return;
        written += piece.length;
        socket.write(piece, more);
      };
      more();
    });
    await newClient().post(engine.url, bytes("{}"), 60_000, NEVER);
    // What fits into the buffers of two sockets was written, too.
    expect(written).toBeLessThan(20_000_000);
  });

  test("whose end does not come counts with its status when the time is up", async () => {
    const engine = await rawEngine((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx");
    });
    await newClient().post(engine.url, bytes("{}"), 200, NEVER);
  });

  test("that does not come is a failure when the time is up", async () => {
    const engine = await rawEngine(() => {});
    await expect(newClient().post(engine.url, bytes("{}"), 200, NEVER)).rejects.toMatchObject({
      code: "REPORT_FAILED",
      message: expect.stringMatching(/did not answer: .*timeout/),
    });
    await eventually(() => expect(engine.sockets[0]?.destroyed).toBe(true));
  });

  test.each([
    ["nothing", ""],
    ["no HTTP", "hello\r\n\r\n"],
    ["a head of 1 MB", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(1_000_000)}\r\n\r\n`],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
  ])("that is %s is a failure", async (_, text) => {
    const engine = await rawEngine((socket) => socket.end(text));
    await expect(newClient().post(engine.url, bytes("{}"), 5000, NEVER)).rejects.toMatchObject({
      code: "REPORT_FAILED",
    });
  });
});

test("a report that is not wanted any more is broken off", async () => {
  const engine = await rawEngine(() => ending.abort());
  const ending = new AbortController();
  await expect(newClient().post(engine.url, bytes("{}"), 5000, ending.signal)).rejects.toThrow(
    "did not answer",
  );
  await eventually(() => expect(engine.sockets[0]?.destroyed).toBe(true));
});

test("an URL that is none is a failure like any other", async () => {
  await expect(newClient().post("http://", bytes("{}"), 5000, NEVER)).rejects.toMatchObject({
    code: "REPORT_FAILED",
  });
});

/** Takes reports and keeps them. */
function taker() {
  const seen: string[] = [];
  const onRequest: RequestListener = async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    seen.push(`${request.headers["content-type"]} ${request.headers["content-length"]} ${body}`);
    response.end();
  };
  return { seen, onRequest };
}

test("a body arrives as it is, in one piece or several", async () => {
  const { seen, onRequest } = taker();
  const server = createServer(onRequest);
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  const client = newClient();
  await client.post(url, bytes('{"text":"ü"}'), 5000, NEVER);
  await client.post(url, [Buffer.from('{"te'), Buffer.from('xt":'), Buffer.from('"ü"}')], 5000, NEVER);
  expect(seen).toEqual(Array.from({ length: 2 }, () => 'application/json 13 {"text":"ü"}'));
});

test("over TLS a report is sent where the certificate is trusted, and nowhere else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "report-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    // biome-ignore format: pairs of options and values
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
     "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    { stdio: "ignore" },
  );
  const { seen, onRequest } = taker();
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, onRequest);
  let connections = 0;
  server.on("secureConnection", () => {
    connections++;
  });
  const port = await listen(server, "127.0.0.1", 0);
  onTestFinished(() => close(server));
  const client = newClient();
  const post = (): Promise<void> => client.post(`https://127.0.0.1:${port}`, bytes("{}"), 5000, NEVER);
  await expect(post()).rejects.toMatchObject({
    code: "REPORT_FAILED",
    message: expect.stringContaining("self-signed certificate"),
  });
  expect(seen).toEqual([]);
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await post();
  const before = connections;
  await post();
  expect(seen).toHaveLength(2);
  expect(connections).toBe(before);
});
