import { describe, expect, test } from "vitest";
import { targetOf } from "../../../src/gateway/target.js";

const one = [{ name: "llm" }];
const two = [{ name: "llm" }, { name: "my pictures" }];

describe("the path of a request", () => {
  test.each([
    ["of the only endpoint, without its name", "/v1/chat/completions", one, "llm", "/v1/chat/completions"],
    ["of the only endpoint, with its name", "/llm/v1/models", one, "llm", "/v1/models"],
    ["of one of several", "/llm/v1/completions", two, "llm", "/v1/completions"],
    [
      "of one whose name is escaped",
      "/my%20pictures/v1/images/edits",
      two,
      "my pictures",
      "/v1/images/edits",
    ],
  ])("%s names endpoint and route", (_, path, endpoints, name, route) => {
    expect(targetOf(path, endpoints)).toEqual({
      endpoint: endpoints.find((each) => each.name === name),
      path: route,
    });
  });

  test("of an endpoint called v1 has the name before the route", () => {
    const endpoints = [{ name: "v1" }];
    expect(targetOf("/v1/v1/completions", endpoints)).toMatchObject({ path: "/v1/completions" });
  });

  test.each([
    ["without a name, of several endpoints", "/v1/completions", two, "endpoint_missing"],
    ["of an endpoint that is not served", "/other/v1/completions", two, "unknown_endpoint"],
    ["that is not OpenAI's", "/metrics", one, "unknown_path"],
    ["that is not OpenAI's, behind a name", "/llm/v2/completions", one, "unknown_path"],
    ["that only begins alike", "/llm/v1x", one, "unknown_path"],
    ["that is the root", "/", one, "unknown_path"],
    ["with an escape that is not UTF-8", "/%ff/v1/completions", one, "unknown_endpoint"],
  ])("%s is answered 404", (_, path, endpoints, code) => {
    expect(targetOf(path, endpoints)).toMatchObject({ status: 404, body: { error: { code } } });
  });
});
