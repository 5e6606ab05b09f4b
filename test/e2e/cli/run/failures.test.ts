import { expect, test } from "vitest";
import { tsworkerIn } from "../../../support/command-line.js";
import { project } from "../../../support/project.js";

/** The error that `tsworker run` prints about a program that fails. */
async function failure(
  files: Readonly<Record<string, string>>,
  name = Object.keys(files)[0] ?? "",
  options: Parameters<typeof project>[1] = {},
): Promise<string> {
  const command = tsworkerIn({ cwd: await project(files, options) }, "run", name);
  expect(await command.exitCode).toBe(1);
  return command.stderr();
}

const THROWS = `
interface Unused { readonly a: string }
function load(): never {
  throw new RangeError("not today");
}

load();
`;

test.each(["worker.ts", "worker.mts", "worker.cts"])(
  "an exception shows its place in %s, and the user's frames",
  async (name) => {
    expect(await failure({ [name]: THROWS })).toBe(
      [
        `${name}:4:9`,
        '    throw new RangeError("not today");',
        "          ^",
        "RangeError: not today",
        `    at load (${name}:4:9)`,
        `    at ${name}:7:1`,
        "",
      ].join("\n"),
    );
  },
);

test.each([
  [
    "in TypeScript",
    { "worker.ts": "const a: number = 1;\nconst b: string = ;\n" },
    'worker.ts:2:19\n  const b: string = ;\n                    ^\nSyntaxError: Unexpected ";"\n',
  ],
  [
    "of types alone",
    { "worker.ts": "interface A {\n\tb: string,,\n}\n" },
    'worker.ts:2:12\n  \tb: string,,\n  \t          ^\nSyntaxError: Unexpected ","\n',
  ],
  [
    "in JavaScript",
    { "worker.js": 'import fs from "node:fs";\nlet a = 1;\nlet a = 2;\n' },
    'worker.js:3:5\n  let a = 2;\n      ^\nSyntaxError: The symbol "a" has already been declared\n',
  ],
  [
    "in what is imported",
    {
      "worker.ts": 'import { b } from "./lib/b.js";\nconsole.log(b);\n',
      "lib/b.js": "export const b = (;\n",
    },
    'lib/b.js:1:19\n  export const b = (;\n                    ^\nSyntaxError: Unexpected ";"\n',
  ],
  [
    "in JSON",
    { "worker.ts": 'import facts from "./facts.json";\nconsole.log(facts);\n', "facts.json": '{\n "a": }\n' },
    'facts.json:2:7\n   "a": }\n        ^\nSyntaxError: Unexpected "}" in JSON\n',
  ],
] as const)("a syntax error %s shows its place", async (_, files, message) => {
  expect(await failure(files)).toBe(message);
});

test.each([
  [
    "a package",
    { "worker.ts": '// first\nimport pad from "left-pad-x";\nconsole.log(pad);\n' },
    'worker.ts:2:17\n  import pad from "left-pad-x";\n                  ^\nCannot find the package "left-pad-x": npm install left-pad-x\n',
  ],
  [
    "a package that is required",
    { "worker.cjs": 'const pad = require("@scope/left-pad-x/deep");\n' },
    'worker.cjs:1:21\n  const pad = require("@scope/left-pad-x/deep");\n                      ^\nCannot find the package "@scope/left-pad-x": npm install @scope/left-pad-x\n',
  ],
  [
    "a file",
    { "lib/worker.ts": 'import { a } from "./a.js";\nconsole.log(a);\n' },
    'lib/worker.ts:1:19\n  import { a } from "./a.js";\n                    ^\nCannot find the file lib/a.js\n',
  ],
  [
    "a part of a package",
    { "worker.ts": 'import { Client } from "tsworker/cleint";\nnew Client();\n' },
    'worker.ts:1:24\n  import { Client } from "tsworker/cleint";\n                         ^\nThe package "tsworker" has no "tsworker/cleint"\n',
  ],
  [
    "a name",
    { "worker.mts": 'import { Wroker } from "tsworker";\nnew Wroker();\n' },
    'worker.mts:1:24\n  import { Wroker } from "tsworker";\n                         ^\nSyntaxError: "tsworker" exports no "Wroker"\n',
  ],
] as const)("%s that is missing shows where it is imported", async (_, files, message) => {
  expect(await failure(files)).toBe(message);
});

test("the error about a name of CommonJS in a module contains the replacement", async () => {
  const files = { "worker.ts": 'import { join } from "node:path";\nconsole.log(join(__dirname, "x"));\n' };
  expect(await failure(files)).toMatch(
    /\nReferenceError: __dirname is not defined in ES module scope: use import\.meta\.dirname\n$/,
  );
});

test("an exception after the import has ended, and a cause, are shown the same way, and end the process", async () => {
  const text =
    'setInterval(() => {}, 1000);\nsetTimeout(() => {\n  throw new Error("too late", { cause: new Error("too slow") });\n}, 1);\n';
  expect(await failure({ "worker.ts": text })).toBe(
    'worker.ts:3:9\n    throw new Error("too late", { cause: new Error("too slow") });\n          ^\nError: too late\ncaused by Error: too slow\n',
  );
});

test("an unhandled rejection, as in CommonJS, is printed in one line", async () => {
  const text = `const { Worker } = require("tsworker");
    new Worker({ handlers: [{ route: "/f", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}) } }] }).run();\n`;
  const stderr = await failure({ "worker.cjs": text });
  expect(stderr).toMatch(/^error: the worker's environment has \d errors:\n/);
  expect(stderr).not.toContain("    at ");
});

test("what is no error is shown, too", async () => {
  expect(await failure({ "worker.ts": "throw { code: 7 };\n" })).toBe("thrown: { code: 7 }\n");
});

test("a program that handles such errors itself continues", async () => {
  const text =
    'process.on("uncaughtException", (error) => console.log("handled", error.message));\nsetTimeout(() => { throw new Error("x"); }, 1);\n';
  const command = tsworkerIn({ cwd: await project({ "client.ts": text }) }, "run", "client.ts");
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toBe("handled x\n");
  expect(command.stderr()).toBe("");
});

test("places are right in a folder of any name", async () => {
  const stderr = await failure({ "worker.mts": THROWS }, "worker.mts", { name: "ein (1) Ordner ü-" });
  expect(stderr).toMatch(/^worker\.mts:4:9\n/);
});
