import { type Browser, chromium } from "playwright-core";

/** Debian's package of the browser without its windows, which takes half the time to start and to open a page. */
export const CHROMIUM = "/usr/bin/chromium-headless-shell";

/** A browser that makes no requests of its own. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
