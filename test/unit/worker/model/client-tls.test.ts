import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, LoneClient } from "./support/listener.js";

const run = promisify(execFile);
const SIZE = 20_000_000;

let directory: string;
let certificate: string;
let server: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tsworker-test-"));
  certificate = join(directory, "certificate.pem");
  const key = join(directory, "key.pem");
  await run("openssl", [
    ...["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=model"],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key, "-out", certificate],
    ...["-addext", "subjectAltName=IP:127.0.0.1"],
  ]);
  server = createServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (request, response) => {
      request
        .resume()
        .on("end", () => response.end(request.url === "/large" ? Buffer.alloc(SIZE, "x") : "hello"));
    },
  );
  server.on("secureConnection", () => {
    connections++;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

test("a model without a trusted certificate is not called, and the cause has the reason", async () => {
  const client = new LoneClient(`https://127.0.0.1:${port}`);
  const { received, error } = await ask(client, "/");
  expect(received).toEqual(["error"]);
  expect(error).toMatchObject({ code: "MODEL_UNREACHABLE", cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  client.close();
});

test("a model with TLS where plain HTTP was configured is reported as unreachable", async () => {
  const client = new LoneClient(`http://127.0.0.1:${port}`);
  expect((await ask(client, "/")).error).toMatchObject({ code: "MODEL_UNREACHABLE" });
  client.close();
});

test("a trusted model answers over one connection, with back-pressure, and the process then ends by itself", async () => {
  connections = 0;
  const main = fileURLToPath(new URL("./support/tls-main.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", import.meta.resolve("tsx"), main], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate, MODEL: `https://127.0.0.1:${port}` },
  });
  expect(JSON.parse(stdout)).toEqual({
    texts: ["hello", "hello", "hello"],
    large: SIZE,
    pauses: true,
    afterPause: 0,
    received: ["head", "data", "end"],
  });
  expect(connections).toBe(1);
});
