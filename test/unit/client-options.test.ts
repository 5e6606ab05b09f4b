import { expect, test } from "vitest";
import { Serverless, type ServerlessOptions } from "../../src/client/index.js";

const faultsOf = (options: unknown): string => {
  try {
    new Serverless(options as ServerlessOptions);
    return "";
  } catch (error) {
    return String(error);
  }
};

test("a client tells all faults of its options at once, and what was expected", () => {
  const message = faultsOf({ apiKey: "", engineUrl: "localhost:8080", webUrl: "ftp://a", maxConcurrency: 0 });
  expect(message).toContain("apiKey: expected a text that is not empty, got an empty one");
  expect(message).toContain("engineUrl: expected a URL with http: or https:, got localhost:8080");
  expect(message).toContain("webUrl: expected a URL with http: or https:, or null, got ftp://a");
  expect(message).toContain("maxConcurrency: expected an integer of at least 1, got 0");
});

test("a client that is given no key says so", () => {
  expect(faultsOf({ apiKey: undefined })).toContain(
    "apiKey: expected a text that is not empty, got undefined",
  );
});

test.each(["a key\n", " a key", "a\rkey", "kéy", "a “key”"])(
  "%j can be no key, and is not repeated",
  (apiKey) => {
    const fault = "apiKey: expected printable ASCII without white space at its ends, got other characters";
    expect(faultsOf({ apiKey })).toMatch(new RegExp(`${fault}$`));
    expect(() => new Serverless({ apiKey: "key" }).endpoint("llm", { apiKey })).toThrow(fault);
  },
);

test("a key never stands in a fault", () => {
  expect(faultsOf({ apiKey: "a-secret", engineUrl: "nonsense" })).not.toContain("a-secret");
});

test("nothing but the key has to be said", () => {
  expect(faultsOf({ apiKey: "key" })).toBe("");
});
