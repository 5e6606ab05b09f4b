import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { inspect } from "node:util";
import type { BuildFailure } from "esbuild";
import { packageRoot } from "../../shared/package-root.js";
import { examplesFolder } from "../command/worker-file.js";
import { bundle } from "./program-text.js";
import {
  pathOf,
  placeAt,
  placeText,
  quotedPlace,
  type SourcePlace,
  shownPath,
  sourceOf,
} from "./source-place.js";

/**
 * Formats the failure of a program: the place in the user's files, its line, the message, and the user's own stack frames.
 * Frames of Node.js, the loader and this command line are left out.
 *
 * @param entry file of the program.
 */
export function programFailure(error: unknown, entry: string): string {
  if (!(error instanceof Error)) return `thrown: ${inspect(error)}`;
  const known = syntaxFailure(error, entry) ?? missingModule(error) ?? missingExport(error);
  if (known !== undefined) return known;
  const frames = userFrames(error);
  const [first, ...others] = frames;
  if (first === undefined)
    return [shownPath(entry), ...messagesOf(error), ...foreignFrames(error)].join("\n");
  return [
    ...quotedPlace(first.place),
    ...messagesOf(error),
    ...(others.length === 0 ? [] : frames.map(({ text }) => text)),
  ].join("\n");
}

const text = (place: SourcePlace | undefined, message: string): string =>
  [...(place === undefined ? [] : quotedPlace(place)), message].join("\n");

/** Syntax errors, as esbuild reports them: for TypeScript in the error, for JavaScript by bundling the program. */
function syntaxFailure(error: Error, entry: string): string | undefined {
  if (error instanceof SyntaxError) {
    // V8 prints the place of a syntax error to the console only.
    if (NO_EXPORT.test(error.message)) return undefined;
    const errors = syntaxErrorsOf(entry);
    return errors.length > 0 ? errors.join("\n\n") : undefined;
  }
  if (!error.message.startsWith("Transform failed")) return undefined;
  return [...error.message.matchAll(/^(.+?):(\d+):(\d+): ERROR: (.*)$/gm)]
    .map(([, file = "", line, column, message]) =>
      text({ file: pathOf(file), line: Number(line), column: Number(column) + 1 }, `SyntaxError: ${message}`),
    )
    .join("\n\n");
}

/** The syntax errors of a program and of what it imports. */
function syntaxErrorsOf(entry: string): readonly string[] {
  try {
    bundle(entry);
    return [];
  } catch (error) {
    const { errors = [] } = error as Partial<BuildFailure>;
    return errors.flatMap(({ location, text: message }) =>
      location === null
        ? []
        : [
            text(
              {
                file: resolve(dirname(entry), location.file),
                line: location.line,
                column: location.column + 1,
              },
              `SyntaxError: ${message}`,
            ),
          ],
    );
  }
}

const IMPORTED = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])(?<specifier>[^"'\n]+)\1/dg;

/** The place of the first import whose specifier matches. */
function importIn(file: string, isMeant: (specifier: string) => boolean): SourcePlace | undefined {
  const source = sourceOf(file);
  for (const { groups, indices } of source?.matchAll(IMPORTED) ?? []) {
    const at = indices?.groups?.specifier?.[0];
    if (source !== undefined && at !== undefined && isMeant(groups?.specifier ?? "")) {
      return placeAt(file, source, at - 1);
    }
  }
  return undefined;
}

/** A missing package or file, or a subpath that a package does not export. */
function missingModule({ message }: Error): string | undefined {
  const importer = /(?: imported from |\nRequire stack:\n- )(.+)/.exec(message)?.[1];
  if (importer === undefined) return undefined;
  const from = pathOf(importer);
  const at = (isMeant: (specifier: string) => boolean, reason: string): string => {
    const place = importIn(from, isMeant);
    return text(place, place === undefined ? `${reason}, imported from ${shownPath(from)}` : reason);
  };
  const missing = /^Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1];
  if (missing !== undefined && /^(?:[./]|file:)/.test(missing)) {
    const path = resolve(dirname(from), pathOf(missing));
    return at(
      (specifier) => bare(resolve(dirname(from), specifier)) === bare(path),
      `Cannot find the file ${shownPath(path)}`,
    );
  }
  if (missing !== undefined) {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(missing)?.[0];
    return at(
      (specifier) => specifier === missing || specifier.startsWith(`${missing}/`),
      `Cannot find the package "${name}": npm install ${name === "tsworker" ? packageRoot : name}`,
    );
  }
  const [, part, manifest = ""] =
    /^Package subpath '\.([^']+)' is not defined .* in (.+?)(?: imported from .*)?$/m.exec(message) ?? [];
  if (part === undefined) return undefined;
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(manifest)?.[1] ?? "tsworker";
  return at((specifier) => specifier === name + part, `The package "${name}" has no "${name}${part}"`);
}

const bare = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, "");

const NO_EXPORT = /^The requested module '([^']+)' does not provide an export named '([^']+)'/;

/** An imported name that the module does not export. */
function missingExport({ message, stack = "" }: Error): string | undefined {
  const [, module = "", name = ""] = NO_EXPORT.exec(message) ?? [];
  const file = /^(\S.*):\d+\n/.exec(stack)?.[1];
  if (name === "" || file === undefined) return undefined;
  const place = importIn(
    pathOf(file),
    (specifier) => specifier === module || bare(specifier) === bare(module),
  );
  return text(place, `SyntaxError: "${module}" exports no "${name}"`);
}

interface Frame {
  readonly place: SourcePlace;
  readonly text: string;
}

/** The frames of the stack that are in the user's files. */
function userFrames({ stack = "" }: Error): readonly Frame[] {
  return stack.split("\n").flatMap((line) => {
    const [, prefix = "", where = "", row, column] =
      /^( {4}at (?:.*? \(|))(\S.*?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (!/^(?:file:\/\/)?\//.test(where)) return [];
    const file = writtenFile(pathOf(where));
    if (!isOwn(file)) return [];
    const place = { file, line: Number(row), column: Number(column) };
    const name = prefix.slice("    at ".length, -2);
    const isNamed = name !== "" && !/^(?:async )?(?:<anonymous>|Object\.<anonymous>)$/.test(name);
    return [{ place, text: `    at ${isNamed ? `${name} (${placeText(place)})` : placeText(place)}` }];
  });
}

/** In a folder whose path is not plain ASCII the loader names every program `.ts`. */
const writtenFile = (file: string): string =>
  [file, file.replace(/\.ts$/, ".mts"), file.replace(/\.ts$/, ".cts")].find(existsSync) ?? file;

/** The programs of this package, but for its examples. */
const PACKAGE_FOLDERS = ["dist", "src", "machines"].map((name) => `${packageRoot}/${name}/`);

const isOwn = (file: string): boolean =>
  file.startsWith(`${examplesFolder}/`) ||
  !(file.includes("/node_modules/") || PACKAGE_FOLDERS.some((folder) => file.startsWith(folder)));

/** Frames of Node.js, the loader and the command line. */
const RUNS_PROGRAMS = /\bnode:|\/node_modules\/(?:tsx|esbuild|commander)\/|\/dist\/src\/cli\//;

/** Frames of packages, for an error without frames in the user's files. */
const foreignFrames = ({ stack = "" }: Error): readonly string[] =>
  stack.split("\n").filter((line) => line.startsWith("    at ") && !RUNS_PROGRAMS.test(line));

/** Causes of an error that are shown. */
const MOST_CAUSES = 5;

/** The message of an error and of what caused it. */
function messagesOf(error: Error): readonly string[] {
  const messages: string[] = [];
  for (let next: unknown = error; next instanceof Error && messages.length < MOST_CAUSES; next = next.cause) {
    messages.push(`${messages.length === 0 ? "" : "caused by "}${messageOf(next)}`);
  }
  return messages;
}

function messageOf(error: Error): string {
  // The message of an error that several caused is often empty.
  const message =
    error.message === "" && error instanceof AggregateError ? String(error.errors[0]) : error.message;
  const [first = ""] = message.split("\nRequire stack:");
  return first === "" ? error.name : `${error.name}: ${withAdvice(first)}`;
}

/** Replacements for CommonJS names in a module. */
const IN_MODULES: Readonly<Record<string, string>> = {
  __dirname: "use import.meta.dirname",
  __filename: "use import.meta.filename",
  require: "use import, or createRequire of node:module",
  module: "use export",
  exports: "use export",
};

function withAdvice(message: string): string {
  if (/^require\(\) of ES Module /.test(message)) {
    return `require() takes no ES module on Node.js ${process.versions.node}: write import, or take Node.js 20.19 or newer`;
  }
  const [undefinedName, name = ""] = /^(\w+) is not defined in ES module scope/.exec(message) ?? [];
  const advice = IN_MODULES[name];
  return advice === undefined ? message : `${undefinedName}: ${advice}`;
}
