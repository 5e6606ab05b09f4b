import { type Browser, chromium } from "playwright-core";

/** Where Debian has it. */
export const CHROMIUM = "/usr/bin/chromium";

/** A browser that asks nobody for anything by itself. */
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
