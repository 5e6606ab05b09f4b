import { readFileSync } from "node:fs";
import { root } from "../unit/support/documents.js";

/** One private key for all engines of the tests, which is no secret: making one takes longer than most tests. */
export const ENGINE_KEY: string = readFileSync(root("test/fixtures/engine-key.pem"), "utf8");
