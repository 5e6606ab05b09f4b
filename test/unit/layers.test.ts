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

/**
 * The rooms of the house, from the ground up: each imports of those above it in this list only. What a room shares with no
 * other is its own, with the folders in it.
 */
const ROOMS = [
  "machines",
  "src/shared",
  "src/client",
  "src/engine",
  "src/simulator",
  "src/load",
  "src/worker/config",
  "src/worker/server",
  "src/worker/auth",
  "src/worker/metrics",
  "src/worker/report",
  "src/worker/model",
  "src/worker/session",
  "src/worker/answer",
  "src/worker/request",
  "src/worker/tracing",
  "src/inspector/chart",
  "src/inspector/recorder",
  "src/inspector/server",
  "src/inspector/page",
  "src/worker/routes",
  "src/worker",
  "src/gateway",
  "src",
  "src/deployment",
  "src/cli",
];

/** The room of a file: the innermost one. */
const roomOf = (file: string): string =>
  ROOMS.filter((room) => file.startsWith(`${room}/`)).toSorted((a, b) => b.length - a.length)[0] ?? "none";

const PUBLIC = [
  "src/index.ts",
  "src/client/index.ts",
  "src/deployment/index.ts",
  "src/engine/index.ts",
  "src/gateway/index.ts",
  "machines/index.ts",
];
const PUBLIC_NAMES = [
  "tsworker",
  "tsworker/client",
  "tsworker/deployment",
  "tsworker/engine",
  "tsworker/gateway",
  "tsworker/machines",
];
/** What the inspector sends, for those that show it. */
const FRAMES = ["src/inspector/recorder/frames.ts", "src/inspector/recorder/recording.ts"];
/** Where statuses of HTTP are known. */
const OF_HTTP = ["src/worker/server", "src/worker/answer", "src/worker/request", "src/worker/routes"];

describe("imports point down only", () => {
  test.each(ROOMS)("%s", (room) => {
    const below = ROOMS.slice(0, ROOMS.indexOf(room) + 1);
    const wrong = importsOf(room)
      .filter(({ file, target }) => roomOf(file) === room && isOwn(target) && !below.includes(roomOf(target)))
      .map(({ file, target }) => `${file} → ${target}`);
    expect(wrong).toEqual([]);
  });

  test("every file of src and machines is in a room, and nothing but the public interface is outside of one", () => {
    const files = [...filesIn("src"), ...filesIn("machines")];
    expect(files.filter((file) => roomOf(file) === "none")).toEqual([]);
    expect(files.filter((file) => roomOf(file) === "src")).toEqual(["src/index.ts"]);
    expect(ROOMS.filter((room) => !files.some((file) => roomOf(file) === room))).toEqual([]);
  });
});

test("machines import xstate and each other, and nothing else", () => {
  expect(forbidden("machines", (target) => target === "xstate" || within("machines")(target))).toEqual([]);
});

test("the engine's machines import xstate and each other, and nothing else", () => {
  const folder = "src/engine/machines";
  expect(forbidden(folder, (target) => target === "xstate" || within(folder)(target))).toEqual([]);
});

test("charts depend on the machines, and on nothing else of the worker", () => {
  const folder = "src/inspector/chart";
  expect(forbidden(folder, (target) => !isOwn(target) || within(folder, "machines")(target))).toEqual([]);
});

test("the inspector's page depends on what it receives, and on nothing else of the worker", () => {
  const page = "src/inspector/page";
  const allowed = (target: string): boolean =>
    !isOwn(target) || within(page, "src/inspector/chart")(target) || FRAMES.includes(target);
  expect(forbidden(page, allowed)).toEqual([]);
});

describe("what runs beside a worker depends on no more of it than an outside program", () => {
  test.each(["src/client", "src/engine", "src/simulator", "src/deployment"])("%s", (folder) => {
    expect(
      forbidden(
        folder,
        (target) => !isOwn(target) || within(folder, "src/shared")(target) || PUBLIC.includes(target),
      ),
    ).toEqual([]);
  });

  test("src/load", () => {
    expect(
      forbidden(
        "src/load",
        (target) =>
          !isOwn(target) || within("src/load", "src/shared")(target) || target === "src/client/index.ts",
      ),
    ).toEqual([]);
  });

  test("src/cli, which starts the simulator and load tests, draws charts and shows what the inspector sends", () => {
    const folders = ["src/cli", "src/shared", "src/simulator", "src/load", "src/inspector/chart"];
    // `run` starts a defined worker, and reports a program that makes a worker and never runs it.
    // The commands for deployments find those of a file.
    const files = [...PUBLIC, ...FRAMES, "src/worker/worker-registry.ts", "src/deployment/registry.ts"];
    expect(
      forbidden(
        "src/cli",
        (target) => !isOwn(target) || within(...folders)(target) || files.includes(target),
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

test("the gateway uses the client's routing, and the worker's server, connections, relay and keys", () => {
  const folders = ["src/gateway", "src/shared", "src/client"];
  const ofWorker = ["server", "model", "answer", "auth", "metrics"].map((name) => `src/worker/${name}`);
  const files = [
    "src/worker/config/access-config.ts",
    "src/worker/request/envelope/body.ts",
    "src/worker/request/client-query.ts",
    "src/worker/request/plain-head.ts",
    "src/worker/request/request-id.ts",
  ];
  expect(
    forbidden(
      "src/gateway",
      (target) => !isOwn(target) || within(...folders, ...ofWorker)(target) || files.includes(target),
    ),
  ).toEqual([]);
});

test("the worker imports nothing of what runs beside it", () => {
  const beside = within(
    "src/client",
    "src/engine",
    "src/gateway",
    "src/deployment",
    "src/cli",
    "src/simulator",
    "src/load",
  );
  expect(filesIn("src/worker")).toContain("src/worker/worker.ts");
  expect(
    ["src/worker", "src/inspector", "src/shared", "machines"].flatMap((folder) =>
      forbidden(folder, (target) => !beside(target)),
    ),
  ).toEqual([]);
});

describe("HTTP is handled in few rooms", () => {
  test("uWebSockets.js is imported by src/worker/server alone", () => {
    const importing = ["src", "machines", "examples"]
      .flatMap(importsOf)
      .filter(({ target }) => target === "uWebSockets.js")
      .map(({ file }) => file);
    expect(importing.length).toBeGreaterThan(0);
    expect(importing.filter((file) => !within("src/worker/server")(file))).toEqual([]);
  });

  test("no status code that a client could get is anywhere else in the worker or its machines", () => {
    // A named constant explains itself.
    const code = /(?<!const [A-Z_]+ = )\b(?:40[01458]|410|413|422|429|499|50[0234])\b(?!_)/;
    const files = ["machines", "src/worker", "src/inspector", "src/shared"]
      .flatMap(filesIn)
      .filter((file) => !within(...OF_HTTP, "src/inspector/page")(file));
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
