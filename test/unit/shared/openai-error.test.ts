import { describe, expect, test } from "vitest";
import { openAiError } from "../../../src/shared/openai-error.js";

describe("an error in the shape of OpenAI's API", () => {
  test("has a message, a type, a param and a code, and nothing else", () => {
    expect(openAiError(401, "expected an API key", "invalid_api_key")).toEqual({
      error: {
        message: "expected an API key",
        type: "authentication_error",
        param: null,
        code: "invalid_api_key",
      },
    });
  });

  test("has null as its code where there is none", () => {
    expect(openAiError(404, "no such route").error.code).toBeNull();
  });

  test.each([
    [400, "invalid_request_error"],
    [401, "authentication_error"],
    [403, "permission_error"],
    [404, "invalid_request_error"],
    [405, "invalid_request_error"],
    [413, "invalid_request_error"],
    [415, "invalid_request_error"],
    [422, "invalid_request_error"],
    [429, "rate_limit_error"],
    [500, "server_error"],
    [502, "server_error"],
    [503, "server_error"],
    [504, "server_error"],
  ])("%i is a %s", (status, type) => {
    expect(openAiError(status, "").error.type).toBe(type);
  });
});
