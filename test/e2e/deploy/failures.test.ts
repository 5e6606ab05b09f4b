import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { Instance, type OnFinished } from "../../support/instance.js";
import { reportTaker } from "../../support/report-taker.js";
import { signingService } from "../../support/signing-service.js";
import { WorkerRepository } from "../../support/worker-repository.js";

/** An engine with two addresses, and an instance that reports to it and has a repository. */
async function setUp(files: Readonly<Record<string, string>> = {}, onFinished: OnFinished = onTestFinished) {
  const takers = [await reportTaker(onFinished), await reportTaker(onFinished)];
  const repository = new WorkerRepository(files, onFinished);
  const instance = await Instance.create(
    { REPORT_ADDR: takers.map(({ url }) => url).join(","), PYWORKER_REPO: repository.url },
    onFinished,
  );
  return { takers, repository, instance };
}

/** Workers that fail, each in a way of its own. */
const FAILING = {
  "faulty.ts": `import { Worker } from "tsworker";
    await new Worker({ handlers: [], maxSession: 3 } as never).run();`,
  "none.ts": "import { Wrong } from 'tsworker'; Wrong(",
  "killed.ts": `import { kill, pid } from "node:process";\nkill(pid, "SIGKILL");`,
};

const clearings: (() => void | Promise<void>)[] = [];
let made: Promise<Setup> | undefined;

/** An instance for several tests: the first start installs, and the others use that. */
function shared(): Promise<Setup> {
  made ??= setUp(FAILING, (clear) => clearings.unshift(clear));
  return made;
}

afterAll(async () => {
  for (const clear of clearings) await clear();
});

type Setup = Awaited<ReturnType<typeof setUp>>;

/** Starts what has to fail; gives back what both addresses received, which has to be the same. */
async function reportOf({ takers, instance }: Setup, variables: Parameters<Instance["start"]>[0] = {}) {
  const before = takers.map(({ posted }) => posted.length);
  const start = instance.start(variables);
  expect(await start.exitCode).toBe(1);
  expect(start.output()).not.toContain("the-master-token");
  const [one, other] = takers.map(({ posted }, index) => posted.slice(before[index]));
  expect(one).toHaveLength(1);
  expect(other).toEqual(one);
  const [report] = one ?? [];
  expect(report).toMatchObject({ path: "/worker_status/", contentType: "application/json" });
  return { message: String(report?.body.error_msg), report: report?.body ?? {}, output: start.output() };
}

describe("the error is reported to the engine, at each of its addresses, and the start ends with 1", () => {
  test("when there is no such repository", async () => {
    const { message, report } = await reportOf(await setUp(), {
      PYWORKER_REPO: "file:///nowhere/repository",
    });
    expect(message).toContain("start_worker: cannot fetch the repository: fatal: '/nowhere/repository'");
    // Every field of a status report, so that an engine that checks them takes it.
    expect(report).toEqual({
      id: 7,
      mtoken: "the-master-token",
      version: "0",
      loadtime: 0,
      cur_load: 0,
      rej_load: 0,
      new_load: 0,
      error_msg: message,
      max_perf: 0,
      cur_perf: 0,
      cur_capacity: 0,
      max_capacity: 0,
      num_requests_working: 0,
      num_requests_recieved: 0,
      additional_disk_usage: 0,
      working_request_idxs: [],
      url: "",
    });
  });

  test("when the repository has no such branch, tag or commit", async () => {
    const { message } = await reportOf(await setUp(), { PYWORKER_REF: 'no "such" \\ one' });
    expect(message).toBe(
      'start_worker: PYWORKER_REF: the repository has no branch, tag or commit "no "such" \\ one"',
    );
  });

  test("when the repository has no package.json", async () => {
    const all = await setUp();
    all.repository.remove("package.json");
    const { message } = await reportOf(all);
    expect(message).toContain("start_worker: the repository has no package.json: it needs one with");
  });

  test("when the repository has no such worker", async () => {
    const { message } = await reportOf(await shared(), { WORKER: "wrong.ts" });
    expect(message).toBe("start_worker: WORKER: there is no wrong.ts in the repository");
  });

  test("when npm cannot install", async () => {
    const all = await setUp();
    all.repository.commit({
      "package.json": all.repository.manifest({ nothing: "file:./nothing/here.tgz" }),
    });
    const { message } = await reportOf(all);
    expect(message).toMatch(/^start_worker: cannot install the packages: npm error .*nothing/);
  });

  test("when the packages do not bring tsworker", async () => {
    const { message } = await reportOf(await setUp({ "package.json": '{ "private": true }' }));
    expect(message).toContain("package.json does not name tsworker as a dependency");
  });

  test("when the worker's own configuration is refused, with its errors", async () => {
    const { message } = await reportOf(await shared(), { WORKER: "faulty.ts" });
    expect(message).toContain("start_worker: the worker ended with exit code 1: ");
    expect(message).toContain("maxSession: unknown option; did you mean maxSessions?");
  });

  test("when the worker's program is none", async () => {
    const { message } = await reportOf(await shared(), { WORKER: "none.ts" });
    expect(message).toContain("start_worker: the worker ended with exit code 1: ");
    expect(message).toMatch(/error/i);
  });

  test("when the system kills the worker", async () => {
    const { message } = await reportOf(await shared(), { WORKER: "killed.ts" });
    expect(message).toBe("start_worker: the worker ended with exit code 137: no output");
  });

  test("when variables are missing, each with a line of its own", async () => {
    const all = await setUp();
    const { port } = all.instance;
    const { message, output } = await reportOf(all, {
      PUBLIC_IPADDR: undefined,
      [`VAST_TCP_PORT_${port}`]: undefined,
      PYWORKER_REPO: undefined,
    });
    const faults = [
      "PUBLIC_IPADDR: expected the address at which clients reach this instance, but it is not set",
      `VAST_TCP_PORT_${port}: expected the port at which clients reach this instance, but it is not set`,
      "PYWORKER_REPO: expected the Git repository with worker.ts, but it is not set",
    ];
    expect(output).toContain(`start_worker: error: ${faults.join("\n")}\n`);
    expect(message).toBe(`start_worker: ${faults.join(" ")}`);
  });
});

test("without an id nothing can be reported to the engine", async () => {
  const { takers, instance } = await setUp();
  const start = instance.start({ CONTAINER_ID: undefined });
  expect(await start.exitCode).toBe(1);
  expect(start.output()).toContain("CONTAINER_ID: expected the instance's id, but it is not set\n");
  expect(start.output()).toContain("no report to the engine: CONTAINER_ID is not an integer");
  expect(takers.flatMap(({ posted }) => posted)).toEqual([]);
});

test("a password in the repository's URL is neither logged nor reported", async () => {
  const { instance, takers } = await setUp();
  const start = instance.start({ PYWORKER_REPO: "http://user:a-password@127.0.0.1:1/repository" });
  expect(await start.exitCode).toBe(1);
  expect(takers[0]?.posted[0]?.body.error_msg).toContain("http://127.0.0.1:1/repository");
  expect(JSON.stringify(takers[0]?.posted)).not.toContain("a-password");
  expect(start.output() + instance.log).not.toContain("a-password");
});

test("an address that does not answer does not prevent the report to the others", async () => {
  const taker = await reportTaker(onTestFinished);
  const { instance } = await shared();
  const start = instance.start({
    WORKER: "wrong.ts",
    REPORT_ADDR: `http://127.0.0.1:1, ${taker.url}/`,
  });
  expect(await start.exitCode).toBe(1);
  expect(start.output()).toContain("could not report to http://127.0.0.1:1");
  expect(taker.to("/worker_status/")).toHaveLength(1);
});

describe("the signing of the certificate", () => {
  const refusal = { status: 503, body: "try later" };

  /** The certificate of a test. */
  const certificateOf = ({ instance }: Setup, name: string) => ({
    USE_SSL: "true",
    SSL_CERTIFICATE: instance.path(`${name}.crt`),
    SSL_CERTIFICATE_KEY: instance.path(`${name}.key`),
  });

  test("is tried again", async () => {
    const signing = await signingService({ refusals: [refusal, { status: 200, body: "<p>Not now</p>" }] });
    const all = await shared();
    const start = all.instance.start({ ...certificateOf(all, "retried"), SIGN_CERT_URL: signing.url });
    await start.says('"state":"loading"');
    expect(start.output()).toContain(
      "the next try is in 0 s: curl: (22) The requested URL returned error: 503",
    );
    expect(start.output()).toContain("the next try is in 0 s: its answer is no certificate for the key");
    expect(signing.asked).toHaveLength(3);
  });

  test("fails after five tries, reports it to the engine, and leaves no certificate behind", async () => {
    const all = await shared();
    const files = certificateOf(all, "refused");
    const signing = await signingService({ refusals: Array.from({ length: 9 }, () => refusal) });
    const { message } = await reportOf(all, { ...files, USE_SSL: "True", SIGN_CERT_URL: signing.url });
    expect(message).toBe(
      "start_worker: the certificate was not signed, in 5 tries: curl: (22) The requested URL returned error: 503",
    );
    expect(signing.asked).toHaveLength(5);
    expect(existsSync(files.SSL_CERTIFICATE)).toBe(false);
    expect(existsSync(files.SSL_CERTIFICATE_KEY)).toBe(false);
  });

  test("replaces a certificate that is signed by itself, or that does not belong to its key", async () => {
    const { execFileSync } = await import("node:child_process");
    const signing = await signingService();
    const all = await shared();
    const variables = { ...certificateOf(all, "own"), SIGN_CERT_URL: signing.url };
    const { SSL_CERTIFICATE: certificate, SSL_CERTIFICATE_KEY: key } = variables;
    execFileSync(
      "openssl",
      // biome-ignore format: pairs of options and values
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=own", "-keyout", key, "-out", certificate],
      { stdio: "ignore" },
    );
    const own = readFileSync(certificate, "utf8");
    const start = all.instance.start(variables);
    await start.says('"state":"loading"');
    expect(readFileSync(certificate, "utf8")).not.toBe(own);
    start.signal("SIGTERM");
    await start.exitCode;
    execFileSync("openssl", ["genrsa", "-out", key, "2048"], { stdio: "ignore" });
    await all.instance.start(variables).says('"state":"loading"');
    expect(signing.asked).toHaveLength(2);
  });
});
