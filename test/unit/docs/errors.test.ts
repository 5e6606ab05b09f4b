import { expect, test } from "vitest";
import { TsworkerError } from "../../../src/shared/errors.js";
import { answers, type WorkerAnswer } from "../../../src/worker/server/answer.js";
import { codeOf, rowsBelow, textOf } from "../support/documents.js";
import { filesIn, textOf as sourceOf, withoutComments } from "../support/imports.js";

const page = await textOf("docs/errors.md");

/** Each answer that the worker makes, with some values: an answer without one here does not compile. */
const GIVEN: Readonly<Record<Exclude<keyof typeof answers, "created" | "ok" | "unavailable">, WorkerAnswer>> =
  {
    invalidJson: answers.invalidJson(),
    invalidMsgpack: answers.invalidMsgpack(),
    invalidFields: answers.invalidFields({ payload: "field missing" }),
    unsigned: answers.unsigned(),
    foreignUrl: answers.foreignUrl(),
    replayed: answers.replayed(),
    noKey: answers.noKey(),
    invalidSession: answers.invalidSession(),
    queueFull: answers.queueFull(31.4, 30),
    bodyTooLarge: answers.bodyTooLarge(1024),
    malformed: answers.malformed("expected one Host header"),
    tooManyHeaders: answers.tooManyHeaders(98),
    unverifiedBodiesFull: answers.unverifiedBodiesFull(),
    openBodiesFull: answers.openBodiesFull(),
    unverifiedSocketsFull: answers.unverifiedSocketsFull(),
    fragmentedBody: answers.fragmentedBody(),
    codedBody: answers.codedBody(),
    bodyTooSlow: answers.bodyTooSlow(),
    queryTooLong: answers.queryTooLong(8192),
    envelopeTooSlow: answers.envelopeTooSlow(30),
    tooFast: answers.tooFast(1024),
    notReady: answers.notReady({ open: false, reason: "loading", waitsFor: "a line" }),
    queueLost: answers.queueLost(),
    stopped: answers.stopped(),
    modelFailed: answers.modelFailed(
      new TsworkerError("MODEL_UNREACHABLE", "the model closed the connection"),
    ),
    userCodeThrew: answers.userCodeThrew(),
    workerFailed: answers.workerFailed(),
    notFound: answers.notFound(),
    wrongMethod: answers.wrongMethod("POST"),
    upgradeRequired: answers.upgradeRequired(),
    timedOut: answers.timedOut("the request was not done within 7 ms"),
    tooManySessions: answers.tooManySessions(10),
    missingSessionId: answers.missingSessionId(),
    unknownSession: answers.unknownSession(),
    noSessionToEnd: answers.noSessionToEnd("abc"),
    notTheOwner: answers.notTheOwner(),
    sessionAlreadyClosed: answers.sessionAlreadyClosed(),
    notAuthorized: answers.notAuthorized(),
    missingKey: answers.missingKey(),
    unknownKey: answers.unknownKey(),
    foreignHost: answers.foreignHost(),
    foreignPage: answers.foreignPage(),
    tooManyAtOnce: answers.tooManyAtOnce(4),
    rateLimited: answers.rateLimited("requests", 60, 3),
    tooHeavy: answers.tooHeavy(2000, 1000),
    deadlineExceeded: answers.deadlineExceeded(500),
    invalidHeader: answers.invalidHeader("x-priority", "an integer from 0 to 9"),
    invalidJsonObject: answers.invalidJsonObject(),
    notJson: answers.notJson(),
  };

interface Row {
  readonly message: string;
  readonly status: number;
}

const rowsOf = (heading: string): readonly Row[] =>
  rowsBelow(page, heading).map(([message, status]) => ({ message: codeOf(message), status: Number(status) }));

const own = rowsOf("Answers of the worker");
const model = rowsOf("Model failures");

/** Whether a text is that of a row, in which `…` matches any text. */
const isOf = (text: string, { message }: Row): boolean =>
  new RegExp(
    `^${message
      .split("…")
      .map((piece) => piece.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"))
      .join(".+")}$`,
  ).test(text);

const textOfAnswer = ({ body }: WorkerAnswer): string => (body as { readonly error?: string }).error ?? "";

test("each code of TsworkerError has a row with its cause and its cure, and there is no other row", () => {
  const [, union = ""] = /type TsworkerErrorCode =([^;]+);/.exec(sourceOf("src/shared/errors.ts")) ?? [];
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  const rows = rowsBelow(page, "Codes");
  expect(rows.map(([code]) => codeOf(code))).toEqual(codes);
  for (const [code, thrownBy = "", cause = "", cure = ""] of rows) {
    expect(thrownBy.length, code).toBeGreaterThan(3);
    expect(cause.length, code).toBeGreaterThan(10);
    expect(cure.length, code).toBeGreaterThan(10);
  }
});

test.each(Object.entries(GIVEN).filter(([name]) => name !== "invalidFields"))(
  "the answer %s has a row with its status",
  (_, answer) => {
    const row = [...own, ...model].find((each) => isOf(textOfAnswer(answer), each));
    expect(row, textOfAnswer(answer)).toBeDefined();
    expect(row?.status).toBe(answer.status);
  },
);

test("there is no row for an answer that the worker does not make", () => {
  const texts = [...Object.values(GIVEN), answers.notReady({ open: false, reason: "loading" })].map(
    textOfAnswer,
  );
  for (const row of own)
    expect(
      texts.some((text) => isOf(text, row)),
      row.message,
    ).toBe(true);
});

test("each row has a cause and a cure", () => {
  for (const heading of ["Answers of the worker", "Model failures"]) {
    for (const [message, , cause = "", cure = ""] of rowsBelow(page, heading)) {
      expect(cause.length, message).toBeGreaterThan(5);
      expect(cure.length, message).toBeGreaterThan(5);
    }
  }
});

test("the messages about the model and about fields are those of the code", () => {
  const sources = filesIn("src/worker").map(sourceOf).join("\n");
  const fields = rowsBelow(page, "Invalid fields").map(([message]) => codeOf(message));
  for (const text of [...model.map(({ message }) => message), ...fields]) {
    for (const piece of text.split("…")) expect(sources, text).toContain(piece);
  }
});

test("the code has no failure of the model without a row", () => {
  const sources = filesIn("src/worker/model").map(sourceOf).map(withoutComments).join("\n");
  // Those of "the model server" and of "the model at" an address are faults of the worker's state, which no client gets.
  const messages = [
    ...sources.matchAll(/["`](the (?:model (?!server|at |made|does not listen)|request )[^"`]{8,})["`]/g),
  ].map(([, text = ""]) => text.replaceAll(/\$\{[^}]+\}/g, "7"));
  expect(messages.length).toBeGreaterThan(8);
  for (const message of messages)
    expect(
      model.some((row) => isOf(message, row)),
      message,
    ).toBe(true);
});
