import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { readBody } from "../../src/shared/read-body.js";
import { ClientFixture } from "../support/client-fixture.js";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { launchBrowser } from "../support/launch-browser.js";

const ENTRY = fileURLToPath(new URL("../../src/client/index.ts", import.meta.url));

/** The client as one module for browsers. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ["es"], fileName: "client" } },
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output)) throw new Error("expected a bundle");
  return output.output[0].code;
}

/** A web application: serves a page and the client, and forwards the page's calls to the engine. */
class Site {
  readonly #code: string;
  readonly #server: Server;
  /** The engine's URL, once it is known. */
  engineUrl = "";

  constructor(code: string) {
    this.#code = code;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(port: number): Promise<string> {
    return httpUrl("127.0.0.1", await listen(this.#server, "127.0.0.1", port));
  }

  stop(): Promise<void> {
    return close(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/") {
      response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>");
    } else if (request.url === "/client.js") {
      response.setHeader("content-type", "text/javascript").end(this.#code);
    } else if (request.url === "/engine/route/") {
      const body = new Uint8Array(await readBody(request, 1024 * 1024));
      const answer = await fetch(`${this.engineUrl}/route/`, { method: "POST", body });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    } else {
      response.writeHead(404).end();
    }
  }
}

/** The client in the page, as its script sees it. */
const open = `
  const { Serverless } = await import("/client.js");
  const serverless = new Serverless({ apiKey: "key", engineUrl: location.origin + "/engine", webUrl: null });
  const endpoint = serverless.endpoint("endpoint");
`;

describeInBrowser("the client in a browser", () => {
  let browser: Browser;
  let page: Page;
  let site: Site;
  let fixture: ClientFixture;
  let siteUrl: string;

  beforeAll(async () => {
    site = new Site(await bundle());
    siteUrl = await site.start(await freePort());
    fixture = await ClientFixture.start({ config: { cors: [siteUrl] }, model: { tokensPerSecond: 2000 } });
    site.engineUrl = fixture.engine.url;
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(siteUrl);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([fixture?.stop(), site?.stop()]);
  });

  /** Runs a script in the page that has an `endpoint`. */
  const run = (script: string): Promise<unknown> => page.evaluate(`(async () => { ${open} ${script} })()`);

  test("sends a request to a worker that allows the page's origin", async () => {
    expect(
      await run(`
        const answer = await endpoint.request("/v1/completions", { prompt: "Hello", max_tokens: 5 }, { cost: 5 });
        return { ok: answer.ok, url: answer.url, tokens: (await answer.json()).usage.completion_tokens };
      `),
    ).toEqual({ ok: true, url: fixture.worker.url, tokens: 5 });
  });

  test("streams", async () => {
    expect(
      await run(`
        const payload = { prompt: "Hello", max_tokens: 20, stream: true };
        let text = "";
        for await (const { choices } of await endpoint.request("/v1/completions", payload, { stream: true })) {
          text += choices[0].text;
        }
        return text.trim().split(/\\s+/).length > 5;
      `),
    ).toBe(true);
  });

  test("cancels", async () => {
    expect(
      await run(`
        const payload = { prompt: "Hello", max_tokens: 1000000, stream: true };
        const pending = endpoint.request("/v1/completions", payload, { stream: true });
        try {
          for await (const _ of await pending) pending.cancel();
        } catch (error) {
          return [error.name, pending.status];
        }
      `),
    ).toEqual(["AbortError", "cancelled"]);
    await eventually(() => fixture.model.stats.running === 0);
  });

  test("opens a session, and closes it", async () => {
    expect(
      await run(`
        const session = await endpoint.session();
        const { ok } = await session.request("/v1/completions", { prompt: "Hello", max_tokens: 2 });
        await session.close();
        return ok;
      `),
    ).toBe(true);
  });

  test("reads a worker's refusal", async () => {
    expect(await run(`return (await endpoint.request("/no-such-route", {})).status;`)).toBe(404);
  });

  test("gets a typed error where no worker allows the page's origin", async () => {
    const foreign = new Site(await bundle());
    foreign.engineUrl = fixture.engine.url;
    const url = await foreign.start(await freePort());
    const other = await browser.newPage();
    try {
      await other.goto(url);
      const code = await other.evaluate(
        `(async () => { ${open} return endpoint.request("/v1/completions", {}, { retry: false }).catch(({ code }) => code); })()`,
      );
      expect(code).toBe("WORKER_UNREACHABLE");
    } finally {
      await other.close();
      await foreign.stop();
    }
  });
});
