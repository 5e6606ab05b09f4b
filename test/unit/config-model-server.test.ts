import { describe, expect, test } from "vitest";
import { checkConfig } from "../../src/worker/config/check-config.js";
import { BENCHMARK, workerConfig } from "./support/config.js";

describe("the model server's address", () => {
  test.each([
    ["http://127.0.0.1", 18000, "http://127.0.0.1:18000"],
    ["http://127.0.0.1/", 18000, "http://127.0.0.1:18000"],
    ["http://model:9000", 18000, "http://model:9000"],
    ["http://model:80", 18000, "http://model"],
    ["https://model:443/", 18000, "https://model"],
    ["http://model", undefined, "http://model"],
    ["https://model/base/path/", undefined, "https://model/base/path"],
    ["http://model/base", 18000, "http://model:18000/base"],
    ["http://[::1]", 18000, "http://[::1]:18000"],
    ["http://[::1]:9000", 18000, "http://[::1]:9000"],
  ])("%s with the port %s is %s", (modelServerUrl, modelServerPort, expected) => {
    const config = { modelServerUrl, ...(modelServerPort !== undefined && { modelServerPort }) };
    const { handlers } = workerConfig();
    expect(checkConfig({ handlers, ...config }).modelServer).toBe(expected);
  });

  test("is not needed where every handler has a function of its own", () => {
    const handlers = [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: BENCHMARK }];
    expect(checkConfig({ handlers }).modelServer).toBeUndefined();
  });
});
