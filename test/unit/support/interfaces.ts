import { readFileSync } from "node:fs";
import { root } from "./documents.js";

/** A property of an interface in a source file. */
export interface Property {
  readonly name: string;
  /** Its TSDoc. */
  readonly comment: string;
  readonly isOptional: boolean;
}

/** The exported interfaces of a source file, by name, with their own properties. */
export function interfacesOf(file: string): ReadonlyMap<string, readonly Property[]> {
  const text = readFileSync(root(file), "utf8");
  return new Map(
    [...text.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)].map(([, name = "", body = ""]) => [
      name,
      [...body.matchAll(/ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}readonly (\w+)(\??):/g)].map(
        ([, comment = "", property = "", mark]) => ({
          name: property,
          comment: comment.replaceAll(/\s*\n\s*\*\s?/g, " ").trim(),
          isOptional: mark === "?",
        }),
      ),
    ]),
  );
}
