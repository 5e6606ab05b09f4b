import { expect, test } from "vitest";
import { Serverless, type ServerlessOptions } from "../../../src/client/index.js";

const errorsOf = (options: unknown): string => {
  try {
    new Serverless(options as ServerlessOptions);
    return "";
  } catch (error) {
    return String(error);
  }
};

test("a client reports all errors of its options at once, with the expected values", () => {
  const message = errorsOf({ apiKey: "", engineUrl: "localhost:8080", webUrl: "ftp://a", maxConcurrency: 0 });
  expect(message).toContain("apiKey: expected a text that is not empty, got an empty one");
  expect(message).toContain("engineUrl: expected a URL with http: or https:, got localhost:8080");
  expect(message).toContain("webUrl: expected a URL with http: or https:, or null, got ftp://a");
  expect(message).toContain("maxConcurrency: expected an integer of at least 1, got 0");
});

test("a missing key is an error", () => {
  expect(errorsOf({ apiKey: undefined })).toContain(
    "apiKey: expected a text that is not empty, got undefined",
  );
});

test.each(["a key\n", " a key", "a\rkey", "kéy", "a “key”"])(
  "%j is an invalid key, and is not repeated",
  (apiKey) => {
    const error = "apiKey: expected printable ASCII without white space at its ends, got other characters";
    expect(errorsOf({ apiKey })).toMatch(new RegExp(`${error}$`));
    expect(() => new Serverless({ apiKey: "key" }).endpoint("llm", { apiKey })).toThrow(error);
  },
);

test("an error never contains the key", () => {
  expect(errorsOf({ apiKey: "a-secret", engineUrl: "nonsense" })).not.toContain("a-secret");
});

test("only the key is required", () => {
  expect(errorsOf({ apiKey: "key" })).toBe("");
});
