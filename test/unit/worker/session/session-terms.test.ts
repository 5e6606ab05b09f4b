import { describe, expect, test } from "vitest";
import { sessionTerms } from "../../../../src/worker/session/session-terms.js";

/** Where a session is called when it closes; undefined where that is refused. */
const calls = (
  on_close_route: string,
  modelServer = "http://model.example:8000",
  hosts: readonly string[] = [],
): string | undefined => {
  const result = sessionTerms({ on_close_route }, { modelServer, hosts });
  return result.kind === "terms" ? result.terms.onCloseUrl : undefined;
};

describe("a session may call", () => {
  test("the model server", () => {
    expect(calls("/x")).toBe("http://model.example:8000/x");
    expect(calls("http://model.example:8000/x")).toBe("http://model.example:8000/x");
  });
});

test.each([
  ["Hooks.Example.com", "https://hooks.example.com:99/x"],
  ["hooks.example.com:443", "https://hooks.example.com/x"],
  ["hooks.example.com:80", "http://hooks.example.com/x"],
  ["[2001:DB8:0:0::1]", "http://[2001:db8::1]/x"],
  ["[2001:db8::1]:8443", "https://[2001:db8::1]:8443/x"],
])("a session may call a host of sessionCallbackHosts, however it is written: %s", (host, route) => {
  expect(calls(route, undefined, [host])).toBe(route);
});

test("a host that is named with a port may be called at that port only", () => {
  expect(calls("http://hooks.example.com:81/x", undefined, ["hooks.example.com:80"])).toBeUndefined();
});

describe("a session may not call", () => {
  test.each([
    ["another port of the model server", "http://model.example/x"],
    ["the model server's host by another scheme", "https://model.example:8000/x"],
    ["an address that stands for all of the machine's own", "http://0.0.0.0/x"],
    ["a URL with a user", "http://me@127.0.0.1/x"],
    ["one with a password", "http://:secret@127.0.0.1/x"],
  ])("%s", (_, route) => {
    expect(calls(route)).toBeUndefined();
  });

  test("the port that another scheme takes for granted, where the model server's URL names none", () => {
    expect(calls("http://model.example/x", "http://model.example")).toBeDefined();
    expect(calls("https://model.example/x", "http://model.example")).toBeUndefined();
  });
});
