import { describe, expect, test } from "vitest";
import { tsworkerIn } from "../../../support/command-line.js";
import { project } from "../../../support/project.js";

/** Typed, with a static import, an import of a neighbour, JSON, and an `await` at its top. */
const MODULE = `
import { Worker } from "tsworker";
import facts from "./facts.json";
import { word } from "./lib/word.js";

const text: string = await Promise.resolve(word);
console.log(typeof Worker, text, facts.number, import.meta.url.startsWith("file:"));
`;
/** In JavaScript. */
const plain = (text: string): string => text.replace(": string", "").replace("word.js", "word.ts");

/** With a part of the package that loads in half the time: that the whole is found as well is for one folder to prove. */
const LIGHT_MODULE = MODULE.replaceAll("Worker", "Serverless").replace('"tsworker"', '"tsworker/client"');

const COMMONJS = `
const { Worker } = require("tsworker");
const { number } = require("./facts.json");
const old = require("./old.cjs");
console.log(typeof Worker, old.word, number, __dirname === process.cwd());
`;

const FILES = {
  "facts.json": '{ "number": 7 }',
  "lib/word.ts": 'import { end } from "./end";\nexport const word: string = "the ".concat(end);\n',
  "lib/end.ts": 'export enum End { Last = "end" }\nexport const end: End = End.Last;\n',
  "old.cjs": 'module.exports = { word: "the end" };\n',
};

const SAID = "function the end 7 true\n";

async function said(cwd: string, name: string): Promise<string> {
  const command = tsworkerIn({ cwd }, "run", name);
  expect(await command.exitCode, command.stderr()).toBe(0);
  expect(command.stderr()).toBe("");
  return command.stdout();
}

/** The `type` of a folder's package.json. */
const MANIFESTS = [
  ["commonjs", { type: "commonjs" }],
  ["module", { type: "module" }],
  ["no type", { name: "older-npm" }],
  ["no package.json", null],
] as const;

describe.each(MANIFESTS)("in a folder with %s", (kind, manifest) => {
  test.each(["worker.ts", "worker.mts", "worker.cts", "worker.js", "worker.mjs"])(
    "a module runs as %s",
    async (name) => {
      const text = kind === "commonjs" ? MODULE : LIGHT_MODULE;
      const cwd = await project({ ...FILES, [name]: name.endsWith("ts") ? text : plain(text) }, { manifest });
      expect(await said(cwd, name)).toBe(SAID);
    },
  );
});

test.each(["worker.ts", "worker.cts", "worker.js", "worker.cjs"])("CommonJS runs as %s", async (name) => {
  const cwd = await project({ ...FILES, [name]: COMMONJS });
  expect(await said(cwd, name)).toBe(SAID);
});

test("a module takes a neighbour in CommonJS for one, though it holds a text that looks like an import", async () => {
  const cwd = await project({
    "worker.ts": 'import old from "./old.js";\nconsole.log(old.word);\n',
    "old.js": 'const text = `\nimport x from "y";\n`;\nmodule.exports = { word: text.trim() };\n',
  });
  expect(await said(cwd, "worker.ts")).toBe('import x from "y";\n');
});

test("a folder that has no tsworker has the one that runs", async () => {
  const options = { manifest: null, hasPackage: false };
  const cwd = await project({ ...FILES, "worker.ts": `${MODULE}import "tsworker/client";\n` }, options);
  expect(await said(cwd, "worker.ts")).toBe(SAID);
});

test("a folder's name may hold blanks and letters of any kind", async () => {
  const cwd = await project(
    { ...FILES, "der wörker/worker.mts": 'import "../worker.ts";', "worker.ts": MODULE },
    { name: "ein (1) Ordner ü-" },
  );
  expect(await said(cwd, "der wörker")).toBe(SAID);
});
