import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { checkConfig } from "../../src/check-config.js";
import type { WorkerConfig } from "../../src/config.js";

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const readme = await readFile(root("README.md"), "utf8");

test("the README's program compiles against the public API", async () => {
  const programs = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, program = ""]) => program);
  expect(programs.length).toBeGreaterThan(0);
  const project = root(".test-build/readme/tsconfig.json");
  await mkdir(dirname(project), { recursive: true });
  await Promise.all(
    programs.map((program, index) => writeFile(root(`.test-build/readme/program-${index}.ts`), program)),
  );
  await writeFile(project, JSON.stringify({ extends: "../../tsconfig.json", include: ["./*.ts"] }));
  const compiled = await promisify(execFile)("npx", ["tsc", "--noEmit", "-p", project]).then(
    () => "compiles",
    (error: { stdout?: string }) => error.stdout,
  );
  expect(compiled).toBe("compiles");
});

test("the README's example of a faulty configuration is what the worker says", () => {
  const config = {
    modelServerUrl: "http://127.0.0.1",
    modelLogFile: 7,
    handlers: [{ route: "/go", maxQueueTime: "60", benchmarkConfig: { generator: () => ({}) } }],
  };
  let message = "";
  try {
    checkConfig(config as unknown as WorkerConfig);
  } catch (error) {
    message = error instanceof Error ? error.message : String(error);
  }
  expect(readme).toContain(`\`\`\`\n${message}\n\`\`\``);
});

test("the README's links lead somewhere", async () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(5);
  const { stat } = await import("node:fs/promises");
  await Promise.all(links.map((link) => stat(root(link))));
});
