import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** An import of a source file. */
export interface Import {
  /** Path of the importing file from the project's root. */
  readonly file: string;
  /** Path of the imported file from the project's root, or the name of a package. */
  readonly target: string;
}

/** A file's text without comments, in which examples may import what they like. */
export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

/** All TypeScript files below a folder, as paths from the project's root. */
export const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => posix.join(folder, name.split(sep).join("/")))
    .toSorted();

export const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const FORMS = [
  // import … from "…", export … from "…"
  /^\s*(?:import|export)\b[^;"']*\bfrom\s*["']([^"']+)["']/gm,
  // import "…"
  /^\s*import\s*["']([^"']+)["']/gm,
  // import("…"), as a value or as a type; require("…")
  /\b(?:import|require)\(\s*["']([^"']+)["']/g,
];

/** What a text imports, as it is written there. */
export const specifiersOf = (text: string): readonly string[] =>
  FORMS.flatMap((form) =>
    Array.from(withoutComments(text).matchAll(form), ([, specifier]) => specifier ?? ""),
  );

/** Everything that the files below a folder import. */
export function importsOf(folder: string): readonly Import[] {
  return filesIn(folder).flatMap((file) =>
    specifiersOf(textOf(file)).map((specifier) => ({
      file,
      target: specifier.startsWith(".")
        ? relative(ROOT, join(ROOT, dirname(file), specifier))
            .split(sep)
            .join("/")
            .replace(/\.js$/, ".ts")
        : specifier,
    })),
  );
}
