import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { afterEach, describe, expect } from "vitest";
import { CERTIFICATE_FILE, CERTIFICATE_KEY_FILE } from "../../../src/environment.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import { type Lab, test } from "../../support/lab.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const FILES = [CERTIFICATE_FILE, CERTIFICATE_KEY_FILE];

async function failing(lab: Lab): Promise<WorkerProcess> {
  const [engine, model] = [await lab.engine(), await lab.model()];
  const worker = await lab.spawn({ engine, model, env: { USE_SSL: "true" } });
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

// The paths are the platform's: on a real instance they hold a real certificate, which is none of a test's business.
describe.skipIf(FILES.some(existsSync) || process.getuid?.() !== 0)("USE_SSL", () => {
  afterEach(() => {
    for (const file of FILES) rmSync(file, { force: true });
  });

  test("without a certificate: one error that names the file", async ({ lab }) => {
    expect((await failing(lab)).text).toContain(CERTIFICATE_FILE);
  });

  test("with something else than a certificate, or than its key: the error names that file", async ({
    lab,
  }) => {
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    const key = readFileSync(CERTIFICATE_KEY_FILE);
    writeFileSync(CERTIFICATE_KEY_FILE, "no key");
    expect((await failing(lab)).text).toContain(`expected a PEM private key in ${CERTIFICATE_KEY_FILE}`);
    writeFileSync(CERTIFICATE_KEY_FILE, key);
    writeFileSync(CERTIFICATE_FILE, "-----BEGIN CERTIFICATE-----\ngarbage\n");
    expect((await failing(lab)).text).toContain(`expected a PEM certificate in ${CERTIFICATE_FILE}`);
  });

  test("with a key that belongs to another certificate: the error names both files", async ({ lab }) => {
    const other = `${await lab.folder()}/other.crt`;
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    makeCertificate(other, CERTIFICATE_KEY_FILE);
    const { text } = await failing(lab);
    for (const file of FILES) expect(text).toContain(file);
  });

  test("with a certificate: HTTPS, and a public URL that says so", async ({ lab }) => {
    makeCertificate(CERTIFICATE_FILE, CERTIFICATE_KEY_FILE);
    const [engine, model] = [await lab.engine(), await lab.loadedModel()];
    const worker = await lab.worker({ engine, model, env: { USE_SSL: "true" } });
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
