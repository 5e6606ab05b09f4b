import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../support/documents.js";

const run = promisify(execFile);

/** Where it is missing, `TEST_SHELLCHECK=required` makes that a failure. */
const isMissing =
  process.env.TEST_SHELLCHECK !== "required" &&
  (await run("shellcheck", ["--version"]).then(
    () => false,
    () => true,
  ));

test.skipIf(isMissing).each(["deploy/start_worker.sh", ".ci/run"])(
  "shellcheck reports nothing about %s",
  async (script) => {
    const said = await run("shellcheck", [root(script)]).catch(
      (error: { readonly stdout?: string }) => error,
    );
    expect(said.stdout ?? String(said)).toBe("");
  },
);

test("the oldest Node.js that the start script takes is the package's", () => {
  const script = readFileSync(root("deploy/start_worker.sh"), "utf8");
  const [, minimum] = /^readonly NODE_MINIMUM=(.*)$/m.exec(script) ?? [];
  const { engines } = JSON.parse(readFileSync(root("package.json"), "utf8"));
  expect(`>=${minimum}`).toBe(engines.node);
});
