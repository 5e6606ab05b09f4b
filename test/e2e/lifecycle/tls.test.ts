import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect } from "vitest";
import { CERTIFICATE_FILE, CERTIFICATE_KEY_FILE } from "../../../src/worker/config/environment.js";
import { type Cluster, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const FILES = [CERTIFICATE_FILE, CERTIFICATE_KEY_FILE];

async function failing(cluster: Cluster): Promise<WorkerProcess> {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, env: { USE_SSL: "true" } });
  // It is reported to the engine, too.
  await eventually(() => expect(engine.reports[0]?.error_msg).toContain(CERTIFICATE_KEY_FILE.slice(0, -4)));
  await failed(worker);
  expect(worker.text).toContain("CERTIFICATE_UNREADABLE");
  return worker;
}

/** Makes a key and a certificate for 127.0.0.1 that it signs itself. */
const makeCertificate = (certificate: string, key: string): void => {
  execFileSync(
    "openssl",
    // biome-ignore format: pairs of options and values
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
     "-subj", "/CN=tsworker-test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
    { stdio: "ignore" },
  );
};

const RENEWED = "certificate renewed";
const NOT_USABLE = "renewed certificate not usable, the previous one stays in use";

const fingerprintOf = (file: string): string => new X509Certificate(readFileSync(file)).fingerprint256;

/** Sends a request over HTTPS. @returns what was answered, over which connection, and with which certificate. */
async function served(worker: WorkerProcess, agent = new Agent({ rejectUnauthorized: false }), body = "{}") {
  const sent = request(`${worker.url.replace("http:", "https:")}/work`, { method: "POST", agent });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const socket = response.socket as TLSSocket;
  const { localPort } = socket;
  const { fingerprint256: fingerprint } = socket.getPeerCertificate();
  response.resume();
  await once(response, "end");
  return { status: response.statusCode, fingerprint, localPort };
}

/** Waits until new connections are served with this certificate. */
const servesNow = (worker: WorkerProcess, certificate: string) =>
  eventually(async () => expect((await served(worker)).fingerprint).toBe(fingerprintOf(certificate)));

// The paths are the platform's, so that no other test file may use them: on a real instance they hold a real certificate, which is none of a test's business.
describe.skipIf(FILES.some(existsSync) || process.getuid?.() !== 0)("USE_SSL", () => {
  afterEach(() => {
    for (const file of FILES) rmSync(file, { force: true });
  });

  test("without a certificate: one error that names the file", async ({ cluster }) => {
    expect((await failing(cluster)).text).toContain(CERTIFICATE_FILE);
  });

  test("with something else than a certificate, or than its key: the error names that file", async ({
    cluster,
  }) => {
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    const key = readFileSync(CERTIFICATE_KEY_FILE);
    writeFileSync(CERTIFICATE_KEY_FILE, "no key");
    expect((await failing(cluster)).text).toContain(`expected a PEM private key in ${CERTIFICATE_KEY_FILE}`);
    writeFileSync(CERTIFICATE_KEY_FILE, key);
    writeFileSync(CERTIFICATE_FILE, "-----BEGIN CERTIFICATE-----\ngarbage\n");
    expect((await failing(cluster)).text).toContain(`expected a PEM certificate in ${CERTIFICATE_FILE}`);
  });

  test("with a key that belongs to another certificate: the error names both files", async ({ cluster }) => {
    const other = `${await cluster.folder()}/other.crt`;
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    makeCertificate(other, CERTIFICATE_KEY_FILE);
    const { text } = await failing(cluster);
    for (const file of FILES) expect(text).toContain(file);
  });

  test("a renewed certificate is served to new connections, while an open one continues with the old one", async ({
    cluster,
    onTestFinished,
  }) => {
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const worker = await cluster.worker({ engine, model, env: { USE_SSL: "true" } });
    const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    onTestFinished(() => kept.destroy());
    const url = worker.url.replace("http:", "https:");
    const body = JSON.stringify({ auth_data: engine.authData({ url }), payload: { cost: 1 } });
    const first = await served(worker, kept, body);
    expect(first).toMatchObject({ status: 200, fingerprint: fingerprintOf(CERTIFICATE_FILE) });

    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    expect(fingerprintOf(CERTIFICATE_FILE)).not.toBe(first.fingerprint);
    await servesNow(worker, CERTIFICATE_FILE);
    // The same connection, not another one.
    expect(await served(worker, kept, body)).toEqual(first);
    expect(worker.states.at(-1)).toBe("ready");
    expect(await worker.stop()).toBe(0);
    // Once, though two files changed.
    expect(worker.lines.filter(({ msg }) => msg === RENEWED)).toHaveLength(1);
    expect(worker.text).toBe("");
  });

  for (const [half, rest] of [
    [CERTIFICATE_FILE, CERTIFICATE_KEY_FILE],
    [CERTIFICATE_KEY_FILE, CERTIFICATE_FILE],
  ] as const) {
    test(`a renewal of which only ${half} is written leaves the old one in place, until the rest follows`, async ({
      cluster,
    }) => {
      makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
      const before = fingerprintOf(CERTIFICATE_FILE);
      const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
      const worker = await cluster.worker({ engine, model, env: { USE_SSL: "true" } });
      const folder = await cluster.folder();
      const renewed = {
        [CERTIFICATE_FILE]: `${folder}/crt`,
        [CERTIFICATE_KEY_FILE]: `${folder}/key`,
      } as const;
      makeCertificate(renewed[CERTIFICATE_FILE], renewed[CERTIFICATE_KEY_FILE]);

      copyFileSync(renewed[half], half);
      await eventually(() =>
        expect(worker.lines.filter(({ msg }) => msg === NOT_USABLE)).toMatchObject([
          { level: 40, err: { message: expect.stringContaining("does not belong to the certificate") } },
        ]),
      );
      expect((await served(worker)).fingerprint).toBe(before);

      copyFileSync(renewed[rest], rest);
      await servesNow(worker, renewed[CERTIFICATE_FILE]);
      expect(worker.lines.filter(({ msg }) => msg === RENEWED)).toHaveLength(1);
      expect(worker.text).toBe("");
    });
  }

  test("with a certificate: HTTPS, and a public URL with https", async ({ cluster }) => {
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const worker = await cluster.worker({ engine, model, env: { USE_SSL: "true" } });
    const url = worker.url.replace("http:", "https:");
    await eventually(() => expect(engine.workers).toMatchObject([{ url, state: "idle" }]));

    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const sent = request(`${url}/work`, {
        method: "POST",
        ca: readFileSync(CERTIFICATE_FILE),
        agent: false,
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          body += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode, body }));
      });
      sent.end(JSON.stringify({ auth_data: engine.authData({ url }), payload: { cost: 1 } }));
    });
    expect(answer).toEqual({ status: 200, body: '{"answer":"yes"}' });
    await expect(fetch(`${worker.url}/work`)).rejects.toThrow("fetch failed");
  });
});
