import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Absolute path of something in the project. */
export const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** README and all other pages, as paths from the project's root. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...["docs", "docs/decisions"].flatMap((folder) =>
    readdirSync(root(folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`)
      .toSorted(),
  ),
];

export const textOf = (document: string): Promise<string> => readFile(root(document), "utf8");

/** Snippets in a language, without the indentation that they have in a list. */
export const snippetsOf = (text: string, language: string): readonly string[] =>
  [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, , named]) => named === language)
    .map(([, indent = "", , snippet = ""]) => snippet.replaceAll(new RegExp(`^${indent}`, "gm"), ""));

/** Where the declarations of the built package are, which users compile against; they cost a tenth of its sources. */
const DECLARATIONS = {
  tsworker: ["../../dist/src/index.d.ts"],
  "tsworker/client": ["../../dist/src/client/index.d.ts"],
  "tsworker/engine": ["../../dist/src/engine/index.d.ts"],
  "tsworker/gateway": ["../../dist/src/gateway/index.d.ts"],
  "tsworker/machines": ["../../dist/machines/index.d.ts"],
};

/** Compiles snippets against the public API; returns the compiler's errors, nothing if there are none. */
export async function compile(folder: string, snippets: readonly string[]): Promise<string> {
  const build = root(`.test-build/${folder}`);
  await rm(build, { recursive: true, force: true });
  await mkdir(build, { recursive: true });
  await Promise.all(snippets.map((snippet, index) => writeFile(`${build}/snippet-${index}.ts`, snippet)));
  const project = {
    extends: "../../tsconfig.json",
    // A snippet may declare something only to show it.
    compilerOptions: { noUnusedLocals: false, moduleDetection: "force", paths: DECLARATIONS },
    include: ["./*.ts"],
  };
  await writeFile(`${build}/tsconfig.json`, JSON.stringify(project));
  return promisify(execFile)("npx", ["tsc", "--noEmit", "-p", build]).then(
    () => "",
    (error: { stdout?: string }) => error.stdout || String(error),
  );
}

/** The anchors of a document's headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );

/** Links of a document that lead nowhere: to a file that is not there, or to a heading that it does not have. */
export async function deadLinks(document: string): Promise<readonly string[]> {
  const text = await textOf(document);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const dead: string[] = [];
  for (const link of links.filter((each) => !/^[a-z]+:/.test(each))) {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? document : posix.join(dirname(document), file);
    const { stat } = await import("node:fs/promises");
    const found = await stat(root(target)).catch(() => undefined);
    if (found === undefined) dead.push(link);
    else if (anchor !== undefined && !anchorsOf(await textOf(target)).has(anchor)) dead.push(link);
  }
  return dead;
}

/** Rows of the tables below a heading, up to the next heading of any level: their cells, without the head. */
export function rowsBelow(text: string, heading: string): readonly (readonly string[])[] {
  const start = text.search(new RegExp(`^#+ ${heading}$`, "m"));
  if (start < 0) throw new Error(`no heading "${heading}"`);
  const [, ...body] = text.slice(start).split("\n");
  const end = body.findIndex((line) => /^#+ /.test(line));
  return body
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => line.startsWith("|"))
    .filter((line, index, lines) => !isRule(line) && !isRule(lines[index + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

const isRule = (line: string): boolean => /^\|[\s|:-]+\|$/.test(line) && line.includes("---");

/** The text between the first backticks of a cell; empty where there are none. */
export const codeOf = (cell = ""): string => /`([^`]+)`/.exec(cell)?.[1] ?? "";
