import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { NODE_LIMITS } from "../../../../../src/worker/server/node/limits.js";
import { eventually } from "../../../../support/eventually.js";
import { RawClient, read } from "../../../../support/http-client.js";
import { endpoint, RequestRecorder, SocketRecorder, TestServer, text } from "../support/test-server.js";

let folder = "";
const file = (name: string): string => join(folder, name);
const copy = (from: string): void => {
  for (const end of ["crt", "key"]) writeFileSync(file(`used.${end}`), readFileSync(file(`${from}.${end}`)));
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsworker-node-tls-"));
  for (const name of ["first", "second"]) {
    execFileSync(
      "openssl",
      // biome-ignore format: pairs of options and values
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
       "-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1",
       "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)],
      { stdio: "ignore" },
    );
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

let server: TestServer;
let recorder: RequestRecorder;
let sockets: SocketRecorder;
beforeEach(async () => {
  copy("first");
  recorder = new RequestRecorder();
  sockets = new SocketRecorder(({ socket, frames }) =>
    socket.send(frames.at(-1)?.frame ?? Buffer.of(), false),
  );
  const hello = endpoint("/a", (_, responder) => responder.answer(text(200), "hello"));
  server = await TestServer.start({
    certificate: { certificate: file("used.crt"), key: file("used.key") },
    endpoints: [hello, recorder.endpoint("/slow")],
    sockets: [sockets.endpoint("/ws")],
  });
});
afterEach(() => {
  vi.useRealTimers();
  server.stop();
});

const ask = (path: string, ca: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asking = request(server.url + path, { method: "POST", ca: readFileSync(file(ca)), agent: false });
    asking.on("response", resolve).on("error", reject).end("{}");
  });
const answered = async (ca: string): Promise<string> => (await read(await ask("/a", ca))).body.toString();

async function connected(): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  return socket;
}

test("requests and WebSockets are served", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  expect(await answered("first.crt")).toBe("hello");
  const client = new WebSocket(`${server.url.replace("https", "wss")}/ws`, { rejectUnauthorized: false });
  client.on("open", () => client.send("hi"));
  const echoed = await new Promise((resolve) => client.on("message", (frame) => resolve(String(frame))));
  expect(echoed).toBe("hi");
  let pings = 0;
  client.on("ping", () => pings++);
  // It answers pings: each look sees a sign of life of it, or sends one.
  for (let looks = 0; looks < 9; looks++) {
    vi.advanceTimersByTime(NODE_LIMITS.socketIdleMs / 3);
    // What was sent before this request is read before its answer is there.
    await answered("first.crt");
  }
  expect(pings).toBeGreaterThan(2);
  expect(sockets.events).toEqual(["accept ", "open"]);
  client.terminate();
  await eventually(() => expect(sockets.events.at(-1)).toBe("close 1006 "));
});

test("a renewed certificate is for connections to come; open ones keep the old one", async () => {
  const old = await connected();
  copy("second");
  await server.renewCertificate();
  expect(await answered("second.crt")).toBe("hello");
  await expect(answered("first.crt")).rejects.toThrow();
  let received = "";
  old.on("data", (bytes) => {
    received += String(bytes);
  });
  old.write("GET /a HTTP/1.1\r\nhost: w\r\n\r\n");
  await eventually(() => expect(received).toMatch(/\r\n\r\nhello$/));
  old.destroy();
});

test("one that cannot be read is an error, and the one before stays", async () => {
  writeFileSync(file("used.crt"), "no certificate");
  await expect(server.renewCertificate()).rejects.toThrow();
  rmSync(file("used.crt"));
  await expect(server.renewCertificate()).rejects.toThrow("ENOENT");
  expect(await answered("first.crt")).toBe("hello");
});

test("a client that disconnects is removed, and one that does not speak TLS does no harm", async () => {
  const client = await connected();
  client.write("POST /slow HTTP/1.1\r\nhost: w\r\ncontent-length: 2\r\n\r\n{}");
  await eventually(() => expect(recorder.events).toEqual(["body"]));
  client.destroy();
  await eventually(() => expect(recorder.events).toEqual(["body", "disconnect"]));
  const plain = await RawClient.connect(server.url);
  plain.send("GET /a HTTP/1.1\r\nhost: w\r\n\r\n");
  await plain.isClosed();
  expect(await answered("first.crt")).toBe("hello");
});

test("a long answer waits for a client that does not read, and arrives whole", async () => {
  const size = 20_000_000;
  const answering = ask("/slow", "first.crt");
  await eventually(() => expect(recorder.events).toEqual(["body"]));
  const writer = recorder.begin(size);
  expect(writer.write(Buffer.alloc(size, "x"))).toBe(false);
  writer.end();
  const { body, complete } = await read(await answering);
  expect({ length: body.length, complete }).toEqual({ length: size, complete: true });
  await eventually(() => expect(recorder.events).toEqual(["body", "finish"]));
});

test("close closes every connection", async () => {
  const client = await connected();
  client.write("POST /slow HTTP/1.1\r\nhost: w\r\ncontent-length: 2\r\n\r\n{}");
  await eventually(() => expect(recorder.events).toEqual(["body"]));
  const closed = new Promise((resolve) => client.on("error", () => {}).on("close", resolve));
  server.stop();
  await closed;
  await eventually(() => expect(recorder.events).toEqual(["body", "disconnect"]));
});
