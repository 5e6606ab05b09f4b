import { expect, test } from "vitest";
import { tsworkerProgram } from "../../../src/cli/command-line.js";
import { fromWorker, gatewayAnswers } from "../../../src/gateway/gateway-answers.js";
import { EndpointMetrics, metricsText } from "../../../src/gateway/gateway-metrics.js";
import { answers } from "../../../src/worker/server/answer.js";
import { codeOf, rowsBelow, textOf } from "../support/documents.js";
import { textOf as sourceOf } from "../support/imports.js";

const page = await textOf("docs/gateway.md");

/** Each answer of the gateway itself: one without an entry here does not compile. */
const GIVEN: { readonly [Name in keyof typeof gatewayAnswers]: ReturnType<(typeof gatewayAnswers)[Name]> } = {
  foreignPage: gatewayAnswers.foreignPage(),
  unknownEndpoint: gatewayAnswers.unknownEndpoint("a", ["b"]),
  endpointMissing: gatewayAnswers.endpointMissing(["a", "b"]),
  unknownPath: gatewayAnswers.unknownPath(),
  wrongMethod: gatewayAnswers.wrongMethod("POST"),
  bodyTooLarge: gatewayAnswers.bodyTooLarge(1),
  bodyTooSlow: gatewayAnswers.bodyTooSlow(),
  invalidJson: gatewayAnswers.invalidJson(),
  invalidForm: gatewayAnswers.invalidForm(),
  tooManyBodies: gatewayAnswers.tooManyBodies(),
  draining: gatewayAnswers.draining(),
  noWorkerReady: gatewayAnswers.noWorkerReady("a", 1000),
  engineUnreachable: gatewayAnswers.engineUnreachable(),
  engineRefused: gatewayAnswers.engineRefused("a"),
  workerUnreachable: gatewayAnswers.workerUnreachable("a", 2),
  deadlineExceeded: gatewayAnswers.deadlineExceeded(5),
  modelsUnknown: gatewayAnswers.modelsUnknown("a"),
  modelNotFound: gatewayAnswers.modelNotFound("m"),
  gatewayFailed: gatewayAnswers.gatewayFailed(),
};

/** Those that it has in common with a worker that takes plain requests. */
const IN_COMMON = [
  answers.missingKey(),
  answers.unknownKey(),
  answers.foreignHost(),
  answers.tooManyAtOnce(1),
  answers.rateLimited("requests", 1, 1),
  answers.tooHeavy(2, 1),
  answers.invalidHeader("x-priority", "an integer"),
].map(fromWorker);

test("each error of the gateway, and each code of a worker's own, has a row with its status, and there is no other row", () => {
  const [, table = ""] = /^const CODES[^{]*\{([^}]+)\}/m.exec(sourceOf("src/gateway/worker-error.ts")) ?? [];
  const ofWorkers = [...table.matchAll(/(\d+): "(\w+)"/g)].map(([, status, code]) => `${code} ${status}`);
  expect(ofWorkers.length).toBeGreaterThan(5);
  const own = [...Object.values(GIVEN), ...IN_COMMON].map(
    ({ body, status }) => `${"error" in body ? body.error.code : ""} ${status}`,
  );
  const rows = rowsBelow(page, "Errors");
  const shown = rows.map(([code, status]) => `${codeOf(code)} ${status}`);
  expect(shown.toSorted()).toEqual([...new Set([...own, ...ofWorkers, "worker_refused 502"])].toSorted());
  for (const [code, , cause = "", cure = ""] of rows) {
    expect(cause.length, code).toBeGreaterThan(10);
    expect(cure.length, code).toBeGreaterThan(5);
  }
});

test("each option has a row, and each flag of the command is named", () => {
  const source = sourceOf("src/gateway/gateway-options.ts");
  const [, body = ""] = /interface GatewayOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  expect(options.length).toBeGreaterThan(15);
  expect(
    rowsBelow(page, "Options")
      .map(([option]) => codeOf(option))
      .toSorted(),
  ).toEqual(options.toSorted());
  const command = tsworkerProgram().commands.find((each) => each.name() === "gateway");
  const flags = command?.options.map(({ long }) => long ?? "") ?? [];
  expect(flags.length).toBeGreaterThan(10);
  for (const flag of flags) expect(page).toContain(`\`${flag}\``);
});

test("every metric has a row with its type and labels, and there is no other row", () => {
  const metrics = new EndpointMetrics("llm");
  metrics.ended("200");
  metrics.retried("unreachable");
  const text = metricsText({ endpoints: [metrics], heldBytes: 0, connections: 0 });
  const printed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => {
    const [, labels = ""] = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\}`, "m").exec(text) ?? [];
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    return { name, type, labels: names.filter((label) => label !== "le") };
  });
  const documented = rowsBelow(page, "Metrics").map(([name, type, labels = ""]) => ({
    name: codeOf(name),
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
  expect(documented).toEqual(printed);
});
