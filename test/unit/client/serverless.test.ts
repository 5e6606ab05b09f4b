import { afterEach, expect, test, vi } from "vitest";
import { Serverless, type ServerlessOptions } from "../../../src/client/index.js";

afterEach(() => void vi.unstubAllEnvs());

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

test("the key is that of VAST_API_KEY where none is given", async () => {
  vi.stubEnv("VAST_API_KEY", "");
  expect(errorsOf({})).toContain("got undefined and no VAST_API_KEY");
  vi.stubEnv("VAST_API_KEY", "from-the-environment");
  const keys: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    keys.push(new Headers(init?.headers).get("authorization"));
    return Response.json({ success: true, results: [] });
  };
  await new Serverless({ fetch }).getEndpoints();
  await new Serverless({ fetch, apiKey: "given" }).getEndpoints();
  expect(keys).toEqual(["Bearer from-the-environment", "Bearer given"]);
});

test.each([
  [{}, "https://console.vast.ai", "https://run.vast.ai"],
  [{ instance: "prod" }, "https://console.vast.ai", "https://run.vast.ai"],
  [{ instance: "alpha" }, "https://console.vast.ai", "https://run-alpha.vast.ai"],
  [{ instance: "candidate" }, "https://console.vast.ai", "https://run-candidate.vast.ai"],
  [{ instance: "local" }, "http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  [{ instance: "local", engineUrl: "http://engine" }, "http://engine", "http://engine"],
] as const)("%o uses the web service at %s and the engine at %s", async (options, web, engine) => {
  const urls: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    urls.push(String(input));
    return Response.json({ error_msg: "no" }, { status: 400 });
  };
  const endpoint = new Serverless({ apiKey: "key", fetch, ...options }).endpoint("llm");
  await expect(endpoint.request("/go", {})).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
  expect(urls).toEqual([`${web}/api/v0/endptjobs/?client_id=me`, `${engine}/route/`]);
});

test("an unknown instance is an error", () => {
  expect(errorsOf({ apiKey: "key", instance: "production" })).toContain(
    "instance: expected one of prod, alpha, candidate, local, got production",
  );
});

test("only the key is required", () => {
  expect(errorsOf({ apiKey: "key" })).toBe("");
});
