import { describe, expect, test } from "vitest";
import { Gateway, type GatewayOptions, TsworkerError } from "../../../src/gateway/index.js";

const valid: GatewayOptions = {
  endpoints: ["llm"],
  apiKey: "the-secret-key",
  engineUrl: "http://127.0.0.1:8080",
  logLevel: "silent",
};

/** The message of the error that options lead to. */
function errorOf(options: object): string {
  try {
    new Gateway({ ...valid, ...options });
  } catch (error) {
    if (error instanceof TsworkerError && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
  return "";
}

describe("the options of a gateway", () => {
  test("have defaults", () => {
    expect(new Gateway(valid).url).toBe("http://127.0.0.1:4000");
  });

  test.each([
    ["endpoints", { endpoints: [] }],
    ["endpoints: expected each endpoint once", { endpoints: ["a", { name: "a" }] }],
    ["endpoints.0", { endpoints: [""] }],
    ["port", { port: 70_000 }],
    ["port", { port: 0 }],
    ["metricsPort", { metricsPort: 0.5 }],
    ["cost: expected a number from 0 on, or a function", { cost: -1 }],
    ["waitMs", { waitMs: 0 }],
    ["attempts", { attempts: 0 }],
    ["maxBodyBytes", { maxBodyBytes: 0 }],
    ["maxHeldBytes", { maxHeldBytes: 1.5 }],
    ["server", { server: "express" }],
    ["logLevel", { logLevel: "loud" }],
    ["keys.0.key", { keys: [{ key: "short" }] }],
    ["keys.1", { keys: [{ key: "sk-test-1" }, { key: "sk-test-1" }] }],
    ["prot", { prot: 1 }],
    ["engineUrl", { engineUrl: "localhost:8080" }],
    ["instance", { instance: "other" }],
  ])("%s is checked", (message, options) => {
    expect(errorOf(options)).toContain(message);
  });

  test("are all checked at once", () => {
    const message = errorOf({ attempts: 0, waitMs: -1 });
    expect(message).toContain("attempts");
    expect(message).toContain("waitMs");
  });

  test("never show the key", () => {
    expect(errorOf({ apiKey: "the-secret\n-key" })).toContain("apiKey");
    expect(errorOf({ apiKey: "the-secret\n-key" })).not.toContain("the-secret");
  });

  test.each(["0.0.0.0", "::", "10.0.0.7"])(
    "without keys keep the port on loopback: %s needs keys or anywhere",
    (host) => {
      expect(errorOf({ host })).toContain("--anywhere");
      expect(errorOf({ host, anywhere: true })).toBe("");
      expect(errorOf({ host, keys: [{ key: "sk-test-1" }] })).toBe("");
      expect(errorOf({ host, keysFile: "keys.json" })).toBe("");
    },
  );

  test.each(["127.0.0.1", "::1", "localhost"])("allow everybody on %s", (host) => {
    expect(errorOf({ host })).toBe("");
  });
});
