#!/usr/bin/env node
import { run } from "./command-line.js";

const exitCode = await run(process.argv);
// A program that was run may have one of its own.
if (exitCode !== 0) process.exitCode = exitCode;
