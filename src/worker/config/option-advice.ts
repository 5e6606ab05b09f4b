import type { z } from "zod";
import { closestName, isSameName } from "./closest-name.js";

/** What is said of an option that there is none of, at a path. */
export type OptionAdvice = (path: readonly PropertyKey[], name: string) => string;

/** Advice on the options of a schema: the name that was probably meant there, or where an option of that name belongs. */
export function optionAdvice(schema: z.core.$ZodType): OptionAdvice {
  const levels = new Map<string, readonly string[]>();
  gather(schema, "", levels);
  return (path, name) => {
    const here = levels.get(levelOf(path)) ?? [];
    const meant = closestName(name, here);
    if (meant !== undefined) return `unknown option; did you mean ${meant}?`;
    for (const [level, names] of levels) {
      const same = names.find((other) => isSameName(name, other));
      if (same !== undefined)
        return `unknown option here; ${level === "" ? same : `${level}.${same}`} is one`;
    }
    return "unknown option";
  };
}

/** A path with all places in a list, and all names that the user chooses, alike. */
const levelOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((level, key, index) => {
    if (typeof key === "number") return `${level}[]`;
    if (path[index - 1] === "files") return `${level}.*`;
    return level === "" ? String(key) : `${level}.${String(key)}`;
  }, "");

/** Collects the names of the options at each level of a schema. */
function gather(schema: z.core.$ZodType, level: string, levels: Map<string, readonly string[]>): void {
  const { def } = schema._zod as z.core.$ZodTypes["_zod"];
  switch (def.type) {
    case "object":
      levels.set(level, Object.keys(def.shape));
      for (const [name, field] of Object.entries(def.shape)) {
        gather(field, level === "" ? name : `${level}.${name}`, levels);
      }
      break;
    case "array":
      gather(def.element, `${level}[]`, levels);
      break;
    case "record":
      gather(def.valueType, `${level}.*`, levels);
      break;
    case "union":
      for (const option of def.options) gather(option, level, levels);
      break;
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
      gather(def.innerType, level, levels);
      break;
  }
}
