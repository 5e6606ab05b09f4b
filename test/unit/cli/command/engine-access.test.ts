import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { engineAccess } from "../../../../src/cli/command/engine-access.js";
import { USUAL_ENGINE } from "../../../../src/cli/command/engine-flags.js";
import { announce, announcedEngines } from "../../../../src/shared/announcement.js";

const ONE = "http://127.0.0.1:9001";
const TWO = "http://127.0.0.1:9002";
const HOSTED = { VAST_API_KEY: "hosted" };

let temporary = "";
const withdrawals: (() => void)[] = [];

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "tsworker-announce-"));
  vi.stubEnv("TMPDIR", temporary);
});

afterEach(() => {
  for (const withdraw of withdrawals.splice(0)) withdraw();
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

/** An engine of this process. */
function running(url: string, endpoint = "dev", apiKey = "local"): void {
  withdrawals.push(announce({ kind: "engine", url, endpoint, apiKey, title: "tsworker dev" }));
}

const access = (flags: Parameters<typeof engineAccess>[0], env: NodeJS.ProcessEnv = {}) =>
  engineAccess(flags, env);
const TIMEOUT = { timeout: 60 };

describe("what is not given is that of the engine on this machine", () => {
  test("all of it", () => {
    running(ONE);
    expect(access(TIMEOUT)).toEqual({ engineUrl: ONE, endpoint: "dev", apiKey: "local" });
  });

  test("the key of an endpoint, and of an address by another name of this machine", () => {
    running(ONE);
    running(TWO, "other", "second");
    expect(access({ ...TIMEOUT, endpoint: "other" })).toMatchObject({ engineUrl: TWO, apiKey: "second" });
    const engineUrl = "http://localhost:9002";
    expect(access({ ...TIMEOUT, engineUrl })).toEqual({ engineUrl, endpoint: "other", apiKey: "second" });
  });

  test("the address of an endpoint and its key; the usual one where no engine has them, or several do", () => {
    const flags = { ...TIMEOUT, endpoint: "dev", apiKey: "local" };
    expect(access(flags).engineUrl).toBe(USUAL_ENGINE);
    running(ONE);
    expect(access(flags).engineUrl).toBe(ONE);
    running(TWO);
    expect(access(flags).engineUrl).toBe(USUAL_ENGINE);
  });

  test("of several that could be meant all are named", () => {
    running(ONE);
    running(TWO);
    expect(() => access(TIMEOUT)).toThrow(
      `2 engines run on this machine: choose one with --engine-url\n  ${ONE}  endpoint dev  (tsworker dev)\n  ${TWO}  `,
    );
    expect(access({ ...TIMEOUT, engineUrl: TWO }).engineUrl).toBe(TWO);
  });

  test("where there is none, the error explains how to start one or to name another one", () => {
    expect(() => access(TIMEOUT)).toThrow(
      "no engine runs on this machine: start one with npx tsworker dev, or name another one with --engine-url or --instance, -e <endpoint> and -k <key>",
    );
  });

  test("of an endpoint that no engine here has, the error lists those that exist", () => {
    running(ONE);
    expect(() => access({ ...TIMEOUT, endpoint: "chat" })).toThrow(
      `-k <key> missing for that endpoint; on this machine there is\n  ${ONE}  endpoint dev`,
    );
  });
});

describe("keys go to no wrong address:", () => {
  test("a hosted one to nothing on this machine that was not named", () => {
    running(ONE);
    expect(access(TIMEOUT, HOSTED).apiKey).toBe("local");
    expect(() => access({ ...TIMEOUT, endpoint: "chat" }, HOSTED)).toThrow("-k <key> missing");
    expect(access({ ...TIMEOUT, engineUrl: ONE, endpoint: "dev" }, HOSTED).apiKey).toBe("local");
  });

  test("a hosted one to an engine that is named", () => {
    const named = { ...TIMEOUT, endpoint: "chat" };
    expect(access({ ...named, instance: "prod" }, HOSTED)).toEqual({
      engineUrl: "https://run.vast.ai",
      endpoint: "chat",
      apiKey: "hosted",
    });
    expect(access({ ...named, engineUrl: "https://engine.example" }, HOSTED).apiKey).toBe("hosted");
    expect(access({ ...named, engineUrl: TWO }, HOSTED).apiKey).toBe("hosted");
  });

  test("a local one to no other engine", () => {
    running(ONE);
    const flags = { ...TIMEOUT, endpoint: "dev" };
    expect(() => access({ ...flags, instance: "prod" })).toThrow(
      /^-k <key> missing for the engine at https:\/\/run\.vast\.ai$/,
    );
    expect(() => access({ ...flags, engineUrl: "https://engine.example:9001" })).toThrow("-k <key> missing");
  });
});

describe("an announcement", () => {
  const folder = (): string => join(temporary, readdirSync(temporary)[0] ?? "");

  test("is readable by its owner only, and is removed with the engine", () => {
    running(ONE);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    const [file = ""] = readdirSync(folder());
    expect(statSync(join(folder(), file)).mode & 0o777).toBe(0o600);
    withdrawals.pop()?.();
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("of a process that has ended counts for nothing, and is removed", () => {
    running(ONE);
    const stale = { kind: "engine", url: TWO, endpoint: "dev", apiKey: "local", title: "" };
    // Its number is another process's by now.
    writeFileSync(
      join(folder(), "1-1.json"),
      JSON.stringify({ ...stale, pid: process.ppid, startedAt: "1" }),
    );
    expect(announcedEngines().map(({ url }) => url)).toEqual([ONE]);
    expect(readdirSync(folder())).toHaveLength(1);
  });

  test("in a folder that others can write to counts for nothing, and none is written there", () => {
    running(ONE);
    chmodSync(folder(), 0o777);
    expect(announcedEngines()).toEqual([]);
    running(TWO);
    expect(readdirSync(folder())).toHaveLength(1);
    chmodSync(folder(), 0o700);
  });

  test("behind a link, or of other content, counts for nothing", () => {
    running(ONE);
    writeFileSync(join(folder(), "9-9.json"), "{}");
    expect(announcedEngines()).toHaveLength(1);
    const own = folder();
    vi.stubEnv("TMPDIR", mkdtempSync(join(temporary, "else-")));
    symlinkSync(own, join(tmpdir(), own.slice(temporary.length + 1)));
    expect(announcedEngines()).toEqual([]);
  });
});
