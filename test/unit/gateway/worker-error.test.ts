import { describe, expect, test } from "vitest";
import { refusalOf } from "../../../src/gateway/worker-error.js";
import type { AnswerHead } from "../../../src/worker/model/answer-head.js";

function refusal(status: number, body: unknown, { retryAfter = "", contentType = "application/json" } = {}) {
  const headers = ["content-type", contentType, ...(retryAfter === "" ? [] : ["Retry-After", retryAfter])];
  const head: AnswerHead = { status, headers, isAscii: true, contentType, length: undefined };
  return refusalOf(head, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
}

describe("an error of the worker itself", () => {
  test("gets OpenAI's shape, and keeps its status and Retry-After", () => {
    const { answer, isRetryable } = refusal(429, { error: "the queue takes 31 s" }, { retryAfter: "7" });
    expect(isRetryable).toBe(true);
    expect(answer).toMatchObject({ status: 429, headers: ["retry-after", "7"] });
    expect(answer?.body).toEqual({
      error: { message: "the queue takes 31 s", type: "rate_limit_error", param: null, code: "queue_full" },
    });
  });

  test.each([
    [429, "queue_full"],
    [502, "model_unreachable"],
    [503, "worker_not_ready"],
  ])("with the status %i may be retried", (status, code) => {
    expect(refusal(status, { error: "not now" })).toMatchObject({
      isRetryable: true,
      answer: { status, body: { error: { code } } },
    });
  });

  test.each([401, 409, 410])("about the signed request, %i, is not the client's", (status) => {
    expect(refusal(status, { error: "the signature does not match" })).toMatchObject({
      isRetryable: true,
      answer: { status: 502, body: { error: { code: "worker_refused" } } },
    });
  });

  test.each([400, 404, 413, 500, 504])("with the status %i is final", (status) => {
    expect(refusal(status, { error: "no" })).toMatchObject({ isRetryable: false, answer: { status } });
  });

  test("names the fields of the payload", () => {
    const body = { payload: { messages: "must be a list", max_tokens: "must be a number" } };
    expect(refusal(422, body).answer?.body).toMatchObject({
      error: { message: "messages: must be a list; max_tokens: must be a number", code: "invalid_request" },
    });
    expect(refusal(422, { auth_data: { cost: "missing parameter" } }).answer?.body).toMatchObject({
      error: { message: "auth_data.cost: missing parameter" },
    });
  });

  test("without a body, as the Python worker sends it, has a message", () => {
    expect(refusal(429, "")).toMatchObject({
      isRetryable: true,
      answer: { body: { error: { message: "the worker answered 429" } } },
    });
  });
});

describe("an error of the model", () => {
  test.each([
    ["in OpenAI's shape", 429, { error: { message: "slow down", type: "rate_limit_error" } }],
    ["of vLLM", 400, { object: "error", message: "max_tokens must be at least 1", code: 400 }],
    ["of TGI", 422, { error: "Input validation error", error_type: "validation" }],
    ["of FastAPI", 422, { detail: [{ loc: ["body"], msg: "field required" }] }],
    ["that is a list", 400, [1]],
    ["that is null", 400, null],
  ])("%s is passed on as it is", (_, status, body) => {
    expect(refusal(status, body)).toEqual({ answer: undefined, isRetryable: false });
  });

  test("that is no JSON is passed on as it is", () => {
    expect(refusal(400, "{", {})).toEqual({ answer: undefined, isRetryable: false });
    expect(refusal(404, "404: Not Found", { contentType: "text/plain" }).answer).toBeUndefined();
  });

  test.each([502, 503])("with the status %i may be retried", (status) => {
    expect(refusal(status, { error: { message: "overloaded" } })).toEqual({
      answer: undefined,
      isRetryable: true,
    });
  });
});
