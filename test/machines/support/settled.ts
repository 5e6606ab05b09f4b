import { setImmediate } from "node:timers/promises";

/** Resolves when everything that the settled promises led to has happened. */
export const settled = (): Promise<void> => setImmediate();
