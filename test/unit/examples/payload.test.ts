import { PayloadError } from "tsworker";
import { describe, expect, test } from "vitest";
import { checked, integer, optional, text } from "../../../examples/checks/payload.js";

describe("a payload that is checked", () => {
  const parser = checked({ name: text("Ada"), flag: optional(integer(0, 1)) });

  test("is passed on as it is, or unwrapped", () => {
    const payload = { name: "Grace", flag: null, other: 1 };
    expect(parser(payload)).toBe(payload);
    expect(parser({ input: payload })).toBe(payload);
  });

  test("is not unwrapped where input is a field of its own", () => {
    const takesInput = checked({ input: text("Hello") });
    expect(takesInput({ input: "Hi" })).toEqual({ input: "Hi" });
    const texts = { input: ["Hi", "there"] };
    expect(checked({})(texts)).toBe(texts);
    const object = { input: { prompt_string: "Hi" } };
    expect(checked({})(object)).toBe(object);
  });

  test("is refused with every field that is wrong, and a piece of its value", () => {
    const refusing = () => parser({ flag: "y".repeat(100) });
    expect(refusing).toThrow(PayloadError);
    expect(refusing).toThrow('name: must be a text such as "Ada", got nothing');
    expect(refusing).toThrow(/flag: must be an integer from 0 to 1, without quotes, got "y{59}…/);
  });

  test("is looked into, where a field is within another one", () => {
    const looking = checked({ "parameters.top_k": optional(integer(1, 100)) });
    for (const parameters of [{ top_k: 100 }, {}, null, 7])
      expect(looking({ parameters })).toEqual({ parameters });
    expect(() => looking({ parameters: { top_k: 101 } })).toThrow(
      "parameters.top_k: must be an integer from 1 to 100, without quotes, got 101",
    );
  });

  test.each([0, 1.5, "1", null, Number.NaN, [1]])(
    "is refused for %j where an integer from 1 on is expected",
    (n) => {
      expect(() => checked({ n: integer(1) })({ n })).toThrow(
        "n: must be an integer from 1 on, without quotes",
      );
    },
  );
});
