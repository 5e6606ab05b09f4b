import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Serverless, type ServerlessOptions } from "../../../src/client/index.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { post, startedEngine } from "../../support/started-engine.js";
import {
  type Certificate,
  type CertificateChain,
  certificateChain,
} from "../../support/worker-certificates.js";
import { workerStatus } from "../../support/worker-status.js";

const CLIENT = fileURLToPath(new URL("./support/tls-client-main.ts", import.meta.url));

let chain: CertificateChain;
let other: CertificateChain;
let elsewhere: CertificateChain;

beforeAll(async () => {
  [chain, other, elsewhere] = await Promise.all([
    certificateChain("ours"),
    certificateChain("other"),
    certificateChain("elsewhere", "127.0.0.9"),
  ]);
});

/** An engine whose only worker has HTTPS. */
async function tlsEngine({ key, cert }: Certificate) {
  const engine = await startedEngine();
  const server = createTlsServer({ key, cert }, (request, response) => {
    request.resume();
    if (request.url === "/session/create") response.writeHead(201).end('{"session_id":"s","expiration":1}');
    else if (request.url === "/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" }).end("data: 1\n\ndata: 2\n\n");
    } else response.end('{"ok":true}');
  });
  const url = `https://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
  onTestFinished(() => close(server));
  await post(engine, "/worker_status/", workerStatus({ url }));
  return { engine, url };
}

/** A web service that has the root certificate; 404: it has none. */
async function webService(root: string | 404) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    if (root === 404 || request.url !== "/static/jvastai_root.cer") response.writeHead(404).end("{}");
    else response.end(root);
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  return { url, fetched: () => paths.filter((path) => path === "/static/jvastai_root.cer").length };
}

async function clientOf(certificate: Certificate, options: Partial<ServerlessOptions>) {
  const { engine, url } = await tlsEngine(certificate);
  const serverless = new Serverless({ apiKey: "key", engineUrl: engine.url, ...options });
  return { engine, endpoint: serverless.endpoint("endpoint"), url };
}

const UNTRUSTED = /self-signed certificate in certificate chain|unable to (?:get|verify)/;

describe("a worker with HTTPS", () => {
  test("is reached by the root certificate of the web service, which is fetched once", async () => {
    const web = await webService(chain.root);
    const { endpoint } = await clientOf(chain.worker, { webUrl: web.url });
    const answers = await Promise.all([1, 2, 3].map(() => endpoint.request("/go", {}, { retry: false })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const events: unknown[] = [];
    for await (const event of await endpoint.request("/stream", {}, { stream: true, retry: false })) {
      events.push(event);
    }
    expect(events).toEqual([1, 2]);
    const session = await endpoint.session({ retry: false });
    await session.request("/go", {}, { retry: false });
    await session.close();
    expect(web.fetched()).toBe(1);
  });

  test("is reached by certificates of one's own, and nothing is fetched", async () => {
    const web = await webService(404);
    const { endpoint } = await clientOf(chain.worker, {
      webUrl: web.url,
      workerCa: [other.root, chain.root],
    });
    expect((await endpoint.request("/go", {}, { retry: false })).ok).toBe(true);
    expect(web.fetched()).toBe(0);
  });

  test.each(["another authority", "no authority", "no web service"])(
    "is not reached by %s",
    async (which) => {
      const web = await webService(chain.root);
      const options = {
        "another authority": { webUrl: web.url, workerCa: other.root },
        "no authority": { webUrl: web.url, workerCa: null },
        "no web service": { webUrl: null },
      }[which];
      const { endpoint } = await clientOf(chain.worker, options ?? {});
      await expect(endpoint.request("/go", {}, { retry: false })).rejects.toMatchObject({
        code: "WORKER_UNREACHABLE",
        message: expect.stringMatching(UNTRUSTED),
      });
      expect(web.fetched()).toBe(0);
    },
  );

  test("is not reached with the certificate of another authority, or of another address", async () => {
    const web = await webService(chain.root);
    const { endpoint } = await clientOf(other.worker, { webUrl: web.url });
    await expect(endpoint.request("/go", {}, { retry: false })).rejects.toThrow(UNTRUSTED);
    const wrong = await clientOf(elsewhere.worker, { workerCa: elsewhere.root });
    await expect(wrong.endpoint.request("/go", {}, { retry: false })).rejects.toThrow(
      /IP: 127\.0\.0\.1 is not in the cert's list/,
    );
  });

  test("is not reached where the root certificate cannot be fetched, with the reason", async () => {
    const web = await webService(404);
    const { endpoint } = await clientOf(chain.worker, { webUrl: web.url });
    const pending = endpoint.request("/go", {}, { retry: false });
    await expect(pending).rejects.toThrow(UNTRUSTED);
    await expect(pending).rejects.toThrow(
      `the root certificate of the workers was not loaded from ${web.url}/static/jvastai_root.cer: expected a certificate in PEM, got 404`,
    );
  });

  test("is reached by NODE_EXTRA_CA_CERTS beside the fetched certificate", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-extra-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "extra.pem"), other.root);
    const web = await webService(chain.root);
    const [ours, extra] = [await tlsEngine(chain.worker), await tlsEngine(other.worker)];
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", CLIENT], {
      env: {
        ...process.env,
        NODE_EXTRA_CA_CERTS: join(folder, "extra.pem"),
        WEB_URL: web.url,
        ENGINE_URLS: `${ours.engine.url},${extra.engine.url}`,
      },
    });
    expect(JSON.parse(stdout)).toEqual([200, 200]);
  });
});

describe("a dispatcher of the program", () => {
  // Newer versions of Node.js have two.
  new Response();
  const usual = [1, 2].flatMap((version) => {
    const key = Symbol.for(`undici.globalDispatcher.${version}`);
    const dispatcher: { dispatch(...parameters: readonly unknown[]): unknown } | undefined = Reflect.get(
      globalThis,
      key,
    );
    return dispatcher ? [{ key, dispatcher }] : [];
  });
  afterEach(() => {
    for (const { key, dispatcher } of usual) Reflect.set(globalThis, key, dispatcher);
  });

  test("is used for workers with HTTPS, with its own certificates", async () => {
    const origins: unknown[] = [];
    const proxied = ({ dispatcher }: (typeof usual)[number]) => ({
      dispatch: (options: { readonly origin: unknown }, handler: unknown): unknown => {
        origins.push(String(options.origin));
        return dispatcher.dispatch(options, handler);
      },
    });
    const web = await webService(chain.root);
    const { endpoint, url } = await clientOf(chain.worker, { webUrl: web.url });
    for (const each of usual) Reflect.set(globalThis, each.key, proxied(each));
    await expect(endpoint.request("/go", {}, { retry: false })).rejects.toThrow(UNTRUSTED);
    expect(origins).toContain(url);
    expect(web.fetched()).toBe(0);
  });
});

test("certificates that are none are an error", () => {
  expect(() => new Serverless({ apiKey: "key", workerCa: "/etc/ca.pem" })).toThrow(
    "workerCa: expected certificates in PEM, got something else",
  );
});
