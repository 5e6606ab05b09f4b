import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codeOf, root, rowsBelow, textOf } from "../support/documents.js";

const page = await textOf("docs/deploy.md");
const script = readFileSync(root("deploy/start_worker.sh"), "utf8");

/** Each variable that the script reads, with its default; undefined where it has none. */
const variables = new Map<string, string | undefined>([
  ["CONTAINER_ID", undefined],
  ["PUBLIC_IPADDR", undefined],
  ["VAST_TCP_PORT_<WORKER_PORT>", undefined],
  ["MASTER_TOKEN", ""],
  ...[...script.matchAll(/^([A-Z_]+)=\$\{\1:-(.*)\}$/gm)].map(
    ([, name = "", otherwise = ""]) => [name, otherwise] as const,
  ),
]);

test("the variables are those of the start script, with their defaults", () => {
  const rows = rowsBelow(page, "Variables of the start script");
  expect(variables.size).toBeGreaterThan(15);
  const reported = rows.map(([name, otherwise = ""]) => {
    if (otherwise === "required") return [codeOf(name), undefined];
    return [codeOf(name), otherwise === "empty" ? "" : codeOf(otherwise)];
  });
  expect(new Map(reported as [string, string | undefined][])).toEqual(variables);
  for (const [name, , meaning = ""] of rows) expect(meaning.length, name).toBeGreaterThan(10);
});

test("the script reads no other variable of its environment", () => {
  const read = [...script.matchAll(/\$\{([A-Z_]+):-/g)].map(([, name = ""]) => name);
  for (const name of read) expect([...variables.keys()]).toContain(name);
});
