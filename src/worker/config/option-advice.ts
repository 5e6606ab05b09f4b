import type { z } from "zod";

/** Message about an unknown option at a path. */
export type OptionAdvice = (path: readonly PropertyKey[], name: string) => string;

const NO_EFFECT = "it has no effect in the Python worker either: leave it out";

/** Options of the Python worker that have no single counterpart, by level and name, see `docs/porting.md`. */
const PYTHON_NAMES: ReadonlyMap<string, string> = new Map([
  [
    "handlers[] payloadclass",
    "the methods of a payload class are the options requestParser, workloadCalculator, generatePayloadJson and generatePayloadMultipart",
  ],
  [
    "handlers[] handlerclass",
    "the members of a handler class are options, such as modelRoute, responseGenerator and benchmarkConfig",
  ],
  ["benchmarkdata", NO_EFFECT],
  ["benchmarkroute", NO_EFFECT],
  ["handlers[] isremotedispatch", NO_EFFECT],
]);

/** Messages that name the option of a schema that was probably meant, or where an option of that name belongs. */
export function optionAdvice(schema: z.core.$ZodType): OptionAdvice {
  const levels = new Map<string, readonly string[]>();
  gather(schema, "", levels);
  return (path, name) => {
    const ofPython = PYTHON_NAMES.get(`${levelOf(path)} ${plain(name)}`.trim());
    if (ofPython !== undefined) return `unknown option; ${ofPython}`;
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

/** A path without list indexes and without names that the user chooses. */
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
    case "pipe":
      gather(def.in, level, levels);
      break;
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
      gather(def.innerType, level, levels);
      break;
  }
}

/** A name in the form that is compared: PyWorker writes `max_queue_time` for `maxQueueTime`. */
const plain = (name: string): string => name.replace(/[_-]/g, "").toLowerCase();

/** Number of letters that are wrong, missing, superfluous, or swapped with their neighbour (Damerau–Levenshtein). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const [before = [], last = []] = [rows[i - 2], rows[i - 1]];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const costs = [
        (row[j - 1] ?? 0) + 1,
        (last[j] ?? 0) + 1,
        (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      ];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        costs.push((before[j - 2] ?? 0) + 1);
      row.push(Math.min(...costs));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** Longer names are no typing errors, and are slow to compare. */
const LONGEST = 60;

/** The name that was probably meant; undefined: none is similar. */
function closestName(given: string, names: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined;
  const wanted = plain(given);
  let closest: string | undefined;
  // At most three letters in ten may be wrong.
  let least = Math.max(1, Math.floor(wanted.length * 0.3)) + 1;
  for (const name of names) {
    const wrong = distance(wanted, plain(name));
    if (wrong < least) [closest, least] = [name, wrong];
  }
  return closest;
}

/** Whether two names differ in case, hyphens and underscores at most. */
const isSameName = (a: string, b: string): boolean => plain(a) === plain(b);
