import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pack } from "msgpackr";
import { type BenchmarkOptions, bodyFor, type Contender, measure, type Run } from "../proxy/measure.js";
import { withRig } from "../proxy/rig.js";
import { Rounds } from "../proxy/rounds.js";
import { machine, printSection, type Section, sectionText } from "../section.js";
import { workerEnvironment } from "../worker-environment.js";

interface Variant extends Contender {
  readonly body: string | Buffer;
}

const BASE = "no option";
const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));

/** Measures what options cost on the request path: one worker for each, turn by turn. */
export async function optionsBenchmark(options: BenchmarkOptions): Promise<void> {
  await withRig(options.core, async ({ engine, directory, modelPort }) => {
    const { port, env } = await workerEnvironment(engine.url);
    const [certificate, key] = await selfSigned(directory);
    const plain = bodyFor(engine, `http://127.0.0.1:${port}`);
    const variant = (name: string, more: NodeJS.ProcessEnv = {}, body: string | Buffer = plain): Variant => ({
      name,
      command: process.execPath,
      args: [WORKER],
      env: { ...env, MODEL_URL: `http://127.0.0.1:${modelPort}`, VARIANT: name, ...more },
      port,
      body,
    });
    const tls = { USE_SSL: "true", SSL_CERTIFICATE: certificate, SSL_CERTIFICATE_KEY: key };
    const variants: readonly Variant[] = [
      variant(BASE),
      variant("workloadCalculator"),
      variant("requestParser"),
      variant("replayProtection"),
      variant("msgpack bodies", {}, pack(JSON.parse(plain))),
      variant("INSPECT=1, no inspector connected", { INSPECT: "1" }),
      { ...variant("USE_SSL=true", tls, bodyFor(engine, `https://127.0.0.1:${port}`)), isTls: true },
      variant("HTTP_SERVER=node", { HTTP_SERVER: "node" }),
    ];
    const runs = await Rounds.take(
      options.rounds,
      variants,
      (each) => measure(each, each.body, directory, options),
      ({ cpu }) => `${cpu.toFixed(1)} CPU µs/request`,
    );
    const section = sectionOf(runs, options);
    printSection(section);
    await writeFile(
      options.page,
      `# What options cost

Written by \`npm run bench -- options\`; medians of ${options.rounds} rounds of ${options.seconds} s, the variants turn by turn.

${await machine()}

${sectionText(section)}`,
    );
    console.log(`\nwritten to ${options.page}`);
  });
}

function sectionOf(runs: Rounds<Run>, { connections }: BenchmarkOptions): Section {
  const cpu = (run: Run): number => run.cpu;
  return {
    title: "One option at a time",
    text: `Small signed requests over ${connections} connections, as in the [proxy benchmark](proxy.md). TLS connections are kept open, so that a
handshake is not part of a request. Without an option nothing needs the value of the payload.`,
    head: ["worker", "CPU µs/request", "× no option", "p99 ms", "RSS MB"],
    rows: runs.names.map((name) => [
      name,
      runs.median(name, cpu).toFixed(1),
      runs.ratio(name, BASE, cpu).toFixed(2),
      runs.median(name, ({ p99 }) => p99).toFixed(2),
      runs.median(name, ({ rssMb }) => rssMb).toFixed(0),
    ]),
  };
}

/** Makes a certificate. @returns the files of it and of its key. */
async function selfSigned(directory: string): Promise<[string, string]> {
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  const made = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-keyout",
    key,
    "-out",
    certificate,
  ];
  await promisify(execFile)("openssl", ["req", "-x509", "-nodes", "-subj", "/CN=127.0.0.1", ...made]);
  return [certificate, key];
}
