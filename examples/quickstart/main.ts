import { parseArgs } from "node:util";
import { quickstart } from "./quickstart.js";

const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
process.exitCode = await quickstart(values);
