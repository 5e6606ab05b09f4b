import { createServer, type Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/index.js";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { launchBrowser } from "../support/launch-browser.js";

describeInBrowser("an engine that lets a page in", () => {
  let browser: Browser;
  let site: Server;
  let engine: Engine;
  let page: Page;

  beforeAll(async () => {
    site = createServer((_, response) => {
      response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>");
    });
    const origin = httpUrl("127.0.0.1", await listen(site, "127.0.0.1", 0));
    engine = new Engine({ endpoint: "endpoint", apiKey: "key", cors: [origin] });
    await engine.start();
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(origin);
  });
  afterAll(async () => {
    await browser?.close();
    await engine?.stop();
    if (site) await close(site);
  });

  /** Has the page call the engine as the client does, with the key in a header. */
  const call = (path: string, method: string, body?: object): Promise<unknown> => {
    const options = {
      method,
      headers: { authorization: "Bearer key", "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    };
    return page.evaluate(
      `fetch(${JSON.stringify(engine.url + path)}, ${JSON.stringify(options)})
        .then((response) => response.json(), ({ message }) => message)`,
    );
  };

  test("answers a client's request for a route", async () => {
    expect(await call("/route/", "POST", { endpoint: "endpoint" })).toMatchObject({ request_idx: 1 });
  });

  test("takes the web calls, with their methods", async () => {
    expect(await call("/api/v0/endptjobs/1/", "PUT", { max_workers: 3 })).toMatchObject({
      result: { max_workers: 3 },
    });
    expect(await call("/api/v0/workergroups/9/", "DELETE")).toMatchObject({
      error_msg: "no such workergroup: 9",
    });
  });

  test("and no page of another origin", async () => {
    const other = createServer((_, response) => response.setHeader("content-type", "text/html").end("<p>"));
    const own = page.url();
    try {
      await page.goto(httpUrl("127.0.0.1", await listen(other, "127.0.0.1", 0)));
      expect(await call("/route/", "POST", { endpoint: "endpoint" })).toBe("Failed to fetch");
    } finally {
      await page.goto(own);
      await close(other);
    }
  });
});
