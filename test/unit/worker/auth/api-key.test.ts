import { expect, test } from "vitest";
import { ApiKey } from "../../../../src/worker/auth/api-key.js";
import { type ApiKeyConfig, apiKeysSchema } from "../../../../src/worker/config/access-config.js";

const checked = (config: Omit<ApiKeyConfig, "key">) => {
  const [first] = apiKeysSchema.parse([{ key: "sk-12345678", ...config }]);
  if (first === undefined) throw new Error("there is no key");
  return first;
};

test("a key without limits is never refused, and has no headers", () => {
  const key = new ApiKey(checked({}));
  for (let count = 0; count < 1000; count++) key.admitted(1e9, 0);
  expect(key.refusal(1e9, 0)).toBe(undefined);
  expect(key.limitHeaders(0)).toEqual([]);
});

test("the limit of requests at once is free again when one ends", () => {
  const key = new ApiKey(checked({ concurrency: 2 }));
  key.admitted(1, 0);
  key.admitted(1, 0);
  expect(key.refusal(1, 0)).toEqual({ limit: "concurrency", most: 2 });
  key.ended();
  expect(key.refusal(1, 0)).toBe(undefined);
});

test("a refused request has the seconds until there is enough, and none if there never will be", () => {
  const key = new ApiKey(checked({ workloadPerMinute: 600 }));
  key.admitted(600, 0);
  expect(key.refusal(25, 0)).toEqual({ limit: "workload", most: 600, needed: 25, retryAfter: 3 });
  expect(key.refusal(601, 0)).toEqual({ limit: "workload", most: 600, needed: 601, retryAfter: undefined });
});

test("a limit that is changed begins anew, one that is not goes on with what was used", () => {
  const key = new ApiKey(checked({ requestsPerMinute: 1, workloadPerMinute: 10 }));
  key.admitted(10, 0);
  key.change(checked({ requestsPerMinute: 2, workloadPerMinute: 10, weight: 3, maxPriority: 4 }));
  expect(key.refusal(0, 0)).toBe(undefined);
  expect(key.refusal(1, 0)).toMatchObject({ limit: "workload" });
  expect({ weight: key.weight, maxPriority: key.maxPriority }).toEqual({ weight: 3, maxPriority: 4 });
});

test("each name and each key is there once", () => {
  const message = (keys: readonly ApiKeyConfig[]) => apiKeysSchema.safeParse(keys).error?.issues[0]?.message;
  expect(message([{ key: "sk-12345678" }, { key: "sk-12345678" }])).toBe("expected each key once");
  expect(
    message([
      { name: "a", key: "sk-12345678" },
      { name: "a", key: "sk-12345679" },
    ]),
  ).toBe("expected each name once");
  expect(message([{ name: "a" }])).toBe("expected either a key or a sha256");
  expect(message([{ key: "sk-12345678", sha256: "0".repeat(64) }])).toBe("expected either a key or a sha256");
});
