import { describe, expect, test } from "vitest";
import { filesIn, type Import, importsOf, specifiersOf, textOf, withoutComments } from "./support/imports.js";

const isOwn = (target: string): boolean => /^(src|machines|examples|bench|test)\//.test(target);
const within =
  (...folders: readonly string[]) =>
  (target: string): boolean =>
    folders.some((folder) => target.startsWith(`${folder}/`));

/** Imports of a folder's files that a rule does not allow, as `file → target`. */
const forbidden = (folder: string, isAllowed: (target: string, each: Import) => boolean): readonly string[] =>
  importsOf(folder)
    .filter((each) => !isAllowed(each.target, each))
    .map(({ file, target }) => `${file} → ${target}`);

/** What worker, client, engine and simulator share: the wire, errors, and what plays a server in none of them. */
const SHARED = [
  "src/shared/wire.ts",
  "src/shared/random.ts",
  "src/shared/reason-of.ts",
  "src/shared/fault-list.ts",
  "src/shared/cors-headers.ts",
  "src/shared/is-http-url.ts",
  "src/shared/is-loopback.ts",
  "src/shared/origin-schema.ts",
  "src/shared/errors.ts",
  "src/shared/output-errors.ts",
  "src/shared/signed-message.ts",
  "src/shared/package-root.ts",
  "src/shared/tokens-made.ts",
  "src/shared/process-identity.ts",
  "src/shared/check-regular.ts",
  "src/shared/announcement.ts",
];
/** The machines as charts: for the worker, and for whoever draws them. */
const CHART = "src/chart";
const PUBLIC = ["src/index.ts", "src/client/index.ts", "src/engine/index.ts", "machines/index.ts"];
const PUBLIC_NAMES = ["tsworker", "tsworker/client", "tsworker/engine", "tsworker/machines"];

/** What runs in a worker process. */
const WORKER_FOLDERS = [
  "src/auth",
  "src/http",
  "src/inspect",
  "src/metrics",
  "src/model",
  "src/report",
  "src/session",
];
/** What the inspector sends, for whoever shows it. */
const FRAMES = ["src/inspector/recorder/frames.ts", "src/inspector/recorder/recording.ts"];
/** What runs beside it. */
const BESIDE = ["src/client", "src/engine", "src/cli", "src/simulator", "src/stand-in", "src/load"];

test("machines import xstate and each other, and nothing else", () => {
  expect(forbidden("machines", (target) => target === "xstate" || within("machines")(target))).toEqual([]);
});

test("the engine's machines import xstate and each other, and nothing else", () => {
  const folder = "src/engine/machines";
  expect(forbidden(folder, (target) => target === "xstate" || within(folder)(target))).toEqual([]);
});

test("charts know the machines, and nothing else of the worker", () => {
  const allowed = (target: string): boolean => !isOwn(target) || within(CHART, "machines")(target);
  expect(forbidden(CHART, allowed)).toEqual([]);
});

test("the inspector's page knows what it is sent, and nothing else of the worker", () => {
  const page = "src/inspector/page";
  const allowed = (target: string): boolean =>
    !isOwn(target) || within(page, CHART)(target) || FRAMES.includes(target);
  expect(forbidden(page, allowed)).toEqual([]);
});

test("what is shared imports nothing that is not", () => {
  const allowed = (target: string): boolean => !isOwn(target) || SHARED.includes(target);
  expect(forbidden("src", (target, { file }) => !SHARED.includes(file) || allowed(target))).toEqual([]);
});

describe("what runs beside a worker knows no more of it than anybody outside", () => {
  test.each(["src/client", "src/engine", "src/simulator"])("%s", (folder) => {
    const allowed = [...SHARED, ...PUBLIC];
    expect(
      forbidden(
        folder,
        (target) => !isOwn(target) || within(folder, "src/stand-in")(target) || allowed.includes(target),
      ),
    ).toEqual([]);
  });

  test("src/cli, which starts the simulator and load tests, draws charts and shows what the inspector sends", () => {
    // `run` reports a program that makes a worker and never runs it.
    const allowed = [...SHARED, ...PUBLIC, ...FRAMES, "src/worker/config/worker-count.ts"];
    expect(
      forbidden(
        "src/cli",
        (target) =>
          !isOwn(target) ||
          within("src/cli", "src/simulator", "src/stand-in", "src/load", CHART)(target) ||
          allowed.includes(target),
      ),
    ).toEqual([]);
  });

  test("src/load, which draws as the simulator does", () => {
    const allowed = [...SHARED, "src/client/index.ts", "src/simulator/random.ts"];
    expect(
      forbidden(
        "src/load",
        (target) => !isOwn(target) || within("src/load")(target) || allowed.includes(target),
      ),
    ).toEqual([]);
  });

  test("src/stand-in", () => {
    expect(
      forbidden(
        "src/stand-in",
        (target) => !isOwn(target) || within("src/stand-in")(target) || SHARED.includes(target),
      ),
    ).toEqual([]);
  });

  test("examples, which import it by its public names", () => {
    expect(
      forbidden("examples", (target) =>
        target.startsWith("tsworker")
          ? PUBLIC_NAMES.includes(target)
          : !isOwn(target) || within("examples")(target),
      ),
    ).toEqual([]);
  });
});

test("the worker imports nothing of what runs beside it", () => {
  const files = filesIn("src").filter((file) => !within(...BESIDE)(file));
  expect(files).toContain("src/worker/worker.ts");
  expect(
    forbidden("src", (target, { file }) => within(...BESIDE)(file) || !within(...BESIDE)(target)),
  ).toEqual([]);
});

describe("HTTP is src/http's business alone", () => {
  test("uWebSockets.js is imported nowhere else", () => {
    const importing = ["src", "machines", "examples"]
      .flatMap(importsOf)
      .filter(({ target }) => target === "uWebSockets.js")
      .map(({ file }) => file);
    expect(importing.length).toBeGreaterThan(0);
    expect(importing.filter((file) => !within("src/http")(file))).toEqual([]);
  });

  test("of the worker, nothing but src/worker/start-worker.ts, which puts it together, imports from src/http", () => {
    expect(
      forbidden(
        "src",
        (target, { file }) =>
          !within("src/http")(target) || within("src/http")(file) || file === "src/worker/start-worker.ts",
      ),
    ).toEqual([]);
  });

  test("no status code that a client could get stands anywhere else in the worker or its machines", () => {
    // A named constant says itself what it is.
    const code = /(?<!const [A-Z_]+ = )\b(?:40[01458]|410|413|422|429|499|50[0234])\b(?!_)/;
    const files = [...filesIn("machines"), ...filesIn("src")].filter(
      (file) => !within("src/http", ...BESIDE)(file),
    );
    const lines = files.flatMap((file) =>
      withoutComments(textOf(file))
        .split("\n")
        .filter((line) => code.test(line.replace(/"[^"]*"|`[^`]*`/g, '""')))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(lines).toEqual([]);
    expect(code.test("if (status === 503) return;")).toBe(true);
  });
});

test("every folder of src has its place in these rules", () => {
  const folders = new Set(filesIn("src").flatMap((file) => /^src\/[^/]+(?=\/)/.exec(file)?.[0] ?? []));
  expect([...folders].toSorted()).toEqual([...WORKER_FOLDERS, ...BESIDE, CHART].toSorted());
});

test("the rules see every form of an import, and no comment", () => {
  const text = [
    'import a from "a";',
    'import { type B,\n  c,\n} from "b";',
    'import type * as d from "d";',
    'import "e";',
    'export { f } from "f";',
    'export * from "g";',
    'export const lazy = () => import("h");',
    'type I = import("i").I;',
    'const j = require("j");',
    '// import k from "k";',
    '/**\n * import l from "l";\n */',
    'const text = `import m`; const from = "n";',
  ].join("\n");
  expect(specifiersOf(text).toSorted()).toEqual(["a", "b", "d", "e", "f", "g", "h", "i", "j"]);
});
