import { describe, expect, test } from "vitest";
import {
  basicAuthOf,
  credentialsIssue,
  headerIssue,
  headersOf,
  secretsIn,
  targetOf,
} from "../../../../src/worker/config/model-headers.js";

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("authorization comes from the first that is there:", () => {
  const url = "http://user:pass@model:8000";
  test.each([
    ["modelHeaders", { Authorization: "Bearer own" }, url, "key", "Bearer own"],
    ["the URL's user and password", {}, url, "key", basic("user:pass")],
    ["MODEL_API_KEY", {}, "http://model:8000", "key", "Bearer key"],
    ["nothing", {}, "http://model:8000", undefined, undefined],
  ])("%s", (_, modelHeaders, modelServerUrl, key, expected) => {
    expect(headersOf({ modelHeaders, modelServerUrl }, key).authorization).toBe(expected);
  });

  test("other headers stay beside it, with names in lower case", () => {
    expect(headersOf({ modelHeaders: { "X-Api-Key": "a" } }, "k")).toEqual({
      "x-api-key": "a",
      authorization: "Bearer k",
    });
  });
});

test.each([
  ["http://user:pass@h", "user:pass"],
  ["http://us%40er:p%3Aa%2Fss@h", "us@er:p:a/ss"],
  ["http://user@h", "user:"],
  ["http://:pass@h", ":pass"],
  ["http://%C3%BC:%E2%82%AC@h", "ü:€"],
])("the credentials of %s are %s", (url, credentials) => {
  expect(basicAuthOf(url)).toBe(basic(credentials));
});

test.each([
  ["http://user:%zz@h", "percent-encoded"],
  ["http://a%3Ab:c@h", "without a colon"],
  ["http://a:b%0Ac@h", "control characters"],
])("the credentials of %s are refused", (url, fault) => {
  expect(credentialsIssue(url)).toContain(fault);
});

describe("a header is refused, without its value in the text,", () => {
  test.each([
    ["a b", "x"],
    ["", "x"],
    ["x:", "x"],
    ["Host", "x"],
    ["content-length", "1"],
    ["Content-Type", "x"],
    ["Transfer-Encoding", "chunked"],
    ["connection", "close"],
    ["Upgrade", "x"],
    ["Sec-WebSocket-Key", "x"],
    ["x-a", "secret\r\nx-b: 1"],
    ["x-a", "secret\n"],
    ["x-a", "sec\0ret"],
    ["x-a", "sécret"],
    ["x-a", " secret"],
    ["x-a", ""],
  ])("%j: %j", (name, value) => {
    const fault = headerIssue(name, value);
    expect(fault).toMatch(/^expected /);
    expect(fault).not.toContain("secret");
  });

  test.each([
    ["Authorization", "Bearer sk-1"],
    ["x-api-key", "a b\tc"],
    ["accept", "application/json"],
    ["cookie", "a=b; c=d"],
  ])("and %s: %s is not", (name, value) => {
    expect(headerIssue(name, value)).toBeUndefined();
  });
});

describe("headers go", () => {
  const server = { url: "http://127.0.0.1:18000/base", headers: { authorization: "Bearer k", "x-a": "1" } };

  test.each(["http://127.0.0.1:18000/health", "http://127.0.0.1:18000"])("to the model server: %s", (url) => {
    expect(targetOf(url, server)).toEqual({ url, headers: server.headers });
  });

  test.each([
    "http://127.0.0.1:18001/health",
    "https://127.0.0.1:18000/health",
    "http://localhost:18000/health",
    "http://127.0.0.1.example.com:18000/health",
  ])("not to %s", (url) => {
    expect(targetOf(url, server)).toEqual({ url, headers: {} });
  });

  test("with the credentials of the URL itself, which is shown without them", () => {
    expect(targetOf("http://u:p@elsewhere/health", server)).toEqual({
      url: "http://elsewhere/health",
      headers: { authorization: basic("u:p") },
    });
    expect(targetOf("http://u:p@127.0.0.1:18000/h", server)).toEqual({
      url: "http://127.0.0.1:18000/h",
      headers: { ...server.headers, authorization: basic("u:p") },
    });
  });
});

test("the secrets in headers are their values, the tokens in these, and what basic authentication encodes", () => {
  expect(secretsIn({ authorization: "Bearer sk-123456", "x-key": "abcdef" })).toEqual(
    expect.arrayContaining(["Bearer sk-123456", "sk-123456", "abcdef"]),
  );
  expect(secretsIn({ authorization: basic("user:p/sswörd") })).toEqual(
    expect.arrayContaining(["p/sswörd", "p%2Fssw%C3%B6rd", Buffer.from("user:p/sswörd").toString("base64")]),
  );
});
