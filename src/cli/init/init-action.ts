import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { TsworkerError } from "../../shared/errors.js";
import { packageRoot } from "../../shared/package-root.js";
import { exampleNames, examplesFolder } from "../command/worker-file.js";

/** The worker that the README begins with. */
const WORKER = `import { defineWorker } from "tsworker";

export default defineWorker({
  modelServerUrl: "http://127.0.0.1:18000",
  modelHealthcheckUrl: "/health",
  handlers: [
    {
      route: "/v1/completions",
      allowParallelRequests: true,
      workloadCalculator: ({ max_tokens }) => Number(max_tokens ?? 16),
      benchmarkConfig: { generator: () => ({ prompt: "hello", max_tokens: 128 }) },
    },
  ],
});
`;

/** For editors and the compiler: workers need no build step. */
const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    skipLibCheck: true,
  },
};

interface InitOptions {
  readonly example?: string;
}

/** Runs `tsworker init`. */
export function run(path: string, { example }: InitOptions): void {
  if (example !== undefined && !exampleNames().includes(example)) {
    throw invalid(`there is no example ${example}: name one of ${exampleNames().join(", ")}`);
  }
  const folder = resolve(path);
  const copied = example === undefined ? [] : foldersOf(example);
  const worker = example ?? "worker.ts";
  const files: Readonly<Record<string, string>> = {
    "package.json": json({
      name: packageName(folder),
      private: true,
      type: "module",
      scripts: { dev: `tsworker dev ${worker}`, start: `tsworker run ${worker}` },
      // The package is in no registry yet: the copy that runs is the one that is installed.
      dependencies: { tsworker: `file:${packageRoot}` },
    }),
    "tsconfig.json": json(TSCONFIG),
    ".gitignore": "node_modules/\n.has_benchmark*\n",
    ...(example === undefined && { "worker.ts": WORKER }),
  };
  const taken = [...Object.keys(files), ...copied].filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0) {
    throw invalid(
      `${taken.join(", ")} ${taken.length === 1 ? "is" : "are"} in ${folder} already: name a new folder`,
    );
  }
  mkdirSync(folder, { recursive: true });
  for (const name of copied) cpSync(join(examplesFolder, name), join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { flag: "wx" });
  console.log(nextSteps(folder, worker));
}

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A valid name of an npm package. */
const packageName = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "") || "worker";

/** The folder of an example, and those that its programs import from. */
function foldersOf(example: string): readonly string[] {
  const found = new Set([example]);
  for (const folder of found) {
    for (const file of readdirSync(join(examplesFolder, folder)).filter((name) => name.endsWith(".ts"))) {
      const text = readFileSync(join(examplesFolder, folder, file), "utf8");
      for (const [, other = ""] of text.matchAll(/ from "\.\.\/([\w-]+)\//g)) found.add(other);
    }
  }
  return [...found];
}

function nextSteps(folder: string, worker: string): string {
  const path = relative("", folder);
  const lines = [
    ...(path === "" ? [] : [`cd ${path.startsWith("..") ? folder : path}`]),
    "npm install",
    worker === "worker.ts" ? "npx tsworker dev" : `npx tsworker dev ${worker}`,
  ];
  return [
    `${worker} is in ${folder}. To try it with a simulated model:`,
    "",
    ...lines.map((line) => `  ${line}`),
  ].join("\n");
}
