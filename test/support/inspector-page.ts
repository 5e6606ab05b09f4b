import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { eventually } from "./eventually.js";

export interface InspectorPageOptions extends BrowserContextOptions {
  /** What the console may complain of, because the test wants it so. */
  readonly complaints?: RegExp;
  /** Behind the page's path. */
  readonly query?: string;
}

/** Milliseconds that a slow machine may take to show something. */
const PATIENCE_MS = 60_000;

/**
 * The inspector's page in a browser. It ends with the test, and looks back then: everything was asked of the worker's
 * own origin, no script failed, the console is empty, and the content security policy was kept.
 */
export class InspectorPage {
  readonly page: Page;
  readonly #origin: string;
  readonly #complaints: string[] = [];
  readonly #addresses: string[] = [];

  private constructor(page: Page, origin: string, pardoned: RegExp | undefined) {
    this.page = page;
    this.#origin = origin;
    const complain = (text: string): void => {
      if (pardoned?.test(text) !== true) this.#complaints.push(text);
    };
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    page.on("pageerror", (error) => complain(`${error.name}: ${error.message}`));
    page.on("websocket", (socket) => this.#addresses.push(socket.url()));
    page.context().on("request", (request) => this.#addresses.push(request.url()));
  }

  /** @param url of the server that the inspector is on. */
  static async open(
    browser: Browser,
    url: string,
    { complaints, query = "", ...options }: InspectorPageOptions = {},
  ): Promise<InspectorPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const own = new InspectorPage(await context.newPage(), new URL(url).host, complaints);
    onTestFinished(async () => {
      await context.close();
      own.#lookBack();
    });
    await own.page.goto(`${url}/inspect${query}`);
    return own;
  }

  /** The same, once it shows what the worker does. */
  static async live(
    browser: Browser,
    url: string,
    options: InspectorPageOptions = {},
  ): Promise<InspectorPage> {
    const own = await InspectorPage.open(browser, url, options);
    await own.isLive();
    return own;
  }

  get pauseButton(): Locator {
    return this.page.getByTestId("pause");
  }

  get connection(): Locator {
    return this.page.getByTestId("connection");
  }

  get records(): Locator {
    return this.page.getByRole("listbox", { name: "Records" });
  }

  /** The rows of the log that are in view. */
  get rows(): Locator {
    return this.records.getByRole("option");
  }

  async isLive(): Promise<void> {
    await this.eventually(async () => expect(await this.connection.textContent()).toBe("live"));
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name });
  }

  /** A line of the tree, by the actor's id. */
  actor(id: string): Locator {
    return this.page.getByRole("treeitem").filter({ has: this.page.locator(`.tree-id[title="${id}"]`) });
  }

  /** Paths of the states that are lit in the chart, the root's left out. */
  async lit(): Promise<readonly string[]> {
    const states = await this.page
      .locator("[data-state].lit")
      .evaluateAll((elements) => elements.map((element) => element.getAttribute("data-state") ?? ""));
    return states.filter((state) => state !== "");
  }

  /** The worker's state, as shown in the header. */
  workerState(): Promise<string | null> {
    return this.page.getByTestId("worker-state").textContent();
  }

  /** Waits, with the patience of a slow machine. */
  eventually<T>(check: () => T | Promise<T>): Promise<Exclude<T, false>> {
    return eventually(check, { timeoutMs: PATIENCE_MS, intervalMs: 100 });
  }

  /** What is read when two looks in a row see the same: the page draws when the browser has time for it. */
  async settled<T>(read: () => Promise<T>): Promise<T> {
    let before = await read();
    await eventually(
      async () => {
        const now = await read();
        const isSame = JSON.stringify(now) === JSON.stringify(before);
        before = now;
        return isSame;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 300 },
    );
    return before;
  }

  #lookBack(): void {
    const foreigners = this.#addresses.filter((address) => {
      const { protocol, host } = new URL(address);
      // What has no host comes from the page itself.
      return !["blob:", "data:"].includes(protocol) && host !== this.#origin;
    });
    expect(this.#addresses.length).toBeGreaterThan(0);
    expect(foreigners).toEqual([]);
    expect(this.#complaints).toEqual([]);
  }
}
