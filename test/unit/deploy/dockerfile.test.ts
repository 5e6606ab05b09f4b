import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { root } from "../support/documents.js";

const dockerfile = readFileSync(root("deploy/Dockerfile"), "utf8");
const ignored = readFileSync(root(".dockerignore"), "utf8").split("\n");

/** The value of an instruction in the last stage. */
const said = (instruction: string): readonly string[] => {
  const [, last = ""] = /\nFROM (?!.* AS )([\s\S]*)$/.exec(dockerfile) ?? [];
  return [...last.matchAll(new RegExp(`^${instruction} (.*)$`, "gm"))].map(([, text = ""]) => text);
};

test("the linter reports nothing about the Dockerfile, and would about a wrong one", () => {
  expect(validate(dockerfile).map(({ message }) => message)).toEqual([]);
  expect(validate(dockerfile.replace("HEALTHCHECK --interval", "HEALTHCHECK --intervall"))).not.toEqual([]);
});

test("the container runs as a user that is not root, and the worker below an init that is installed", () => {
  expect(said("USER")).toEqual(["node"]);
  expect(said("RUN")[0]).toContain("apt-get update");
  expect(dockerfile).toMatch(/^ {2}&& apt-get install -y --no-install-recommends tini \\$/m);
  expect(JSON.parse(said("ENTRYPOINT")[0] ?? "")).toEqual([
    "tini",
    "-s",
    "--",
    "node",
    "/opt/tsworker/dist/src/cli/main.js",
  ]);
  expect(JSON.parse(said("CMD")[0] ?? "")).toEqual(["run", "worker.ts"]);
});

test("what is built from is in the context, and nothing else", () => {
  const [, build = ""] = /"build": "(.*)",/.exec(readFileSync(root("package.json"), "utf8")) ?? [];
  const [, script = ""] = /^node (\S+)$/.exec(build) ?? [];
  const [, project = ""] = /"-p", "(\S+)"/.exec(readFileSync(root(script), "utf8")) ?? [];
  const taken = ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  expect(ignored).toContain("*");
  expect(taken).toContain(dirname(script));
  expect(taken).toContain(project);
  for (const each of taken) expect(existsSync(root(each)), each).toBe(true);
  const { include } = JSON.parse(readFileSync(root(project), "utf8")) as {
    readonly include: readonly string[];
  };
  for (const folder of include) expect(taken).toContain(folder);
});
