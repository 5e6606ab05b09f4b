import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  integerVariable,
  linesVariable,
  locationVariable,
  portVariable,
  textVariable,
} from "../../../examples/checks/variables.js";

let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warned.push(text));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const steps = { fallback: 20, least: 1, most: 100 };

describe("a variable", () => {
  test("that is empty counts as unset, and the next name is read", () => {
    vi.stubEnv("FIRST", "");
    vi.stubEnv("SECOND", " x ");
    expect(textVariable("FIRST", "SECOND", "THIRD")).toBe("x");
    expect(textVariable("FIRST")).toBeUndefined();
    vi.stubEnv("LINES", "\n \n");
    expect(linesVariable("LINES")).toBeUndefined();
  });

  test.each(["0", "101", "2.5", "many", "1e99"])(
    "with the number %s is warned about, and has its default",
    (value) => {
      vi.stubEnv("STEPS", value);
      expect(integerVariable("STEPS", steps)).toBe(20);
      expect(warned).toEqual([
        `warning: STEPS: expected an integer from 1 to 100, got "${value}": 20 is used`,
      ]);
    },
  );

  test("with a number that fits is accepted silently", () => {
    vi.stubEnv("STEPS", "100");
    expect(integerVariable("STEPS", steps)).toBe(100);
    vi.stubEnv("STEPS", "");
    expect(integerVariable("STEPS", steps)).toBe(20);
    expect(warned).toEqual([]);
  });

  test.each(["0", "65536", "80a", "-1"])(
    "with the port %s is an error, since the worker would wait in vain",
    (value) => {
      vi.stubEnv("MODEL_PORT", value);
      expect(() => portVariable("MODEL_PORT", 18_000)).toThrow(
        `MODEL_PORT: expected a port number from 1 to 65535, got "${value}"`,
      );
    },
  );

  test.each(["health", "ftp://x/y", "//x/y", "http://"])("with the location %s has its default", (value) => {
    vi.stubEnv("PLACE", value);
    expect(locationVariable("PLACE", "/health")).toBe("/health");
    // The worker reads it, too.
    expect(process.env.PLACE).toBe("/health");
    expect(warned).toHaveLength(1);
  });

  test.each(["/v1/models", "http://127.0.0.1:8000/health"])("with the location %s is taken", (value) => {
    vi.stubEnv("PLACE", value);
    expect(locationVariable("PLACE", "/health")).toBe(value);
    expect(warned).toEqual([]);
  });
});
