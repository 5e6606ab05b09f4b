import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/documents.js";

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root("."),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }),
) as readonly Packed[];
const files = packed?.files.map(({ path }) => path) ?? [];

/** Pictures that a page shows, as paths from the root. */
const picturesOf = (page: string): readonly string[] =>
  [...readFileSync(root(page), "utf8").matchAll(/!\[[^\]]*\]\(([^)#:]+)\)/g)].map(([, path = ""]) =>
    posix.join(posix.dirname(page), path),
  );

test("the package has the pages, and the pictures that README and they show", () => {
  const pages = files.filter((file) => file.endsWith(".md") && !file.startsWith("examples/"));
  expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/deploy.md", "docs/configuration.md"]));
  const pictures = pages.flatMap(picturesOf);
  expect(pictures.length).toBeGreaterThan(5);
  expect(pictures.filter((picture) => !files.includes(picture))).toEqual([]);
});

test("it has what an installation runs", () => {
  expect(files).toEqual(
    expect.arrayContaining([
      "dist/src/cli/main.js",
      "dist/src/index.js",
      "dist/src/index.d.ts",
      "dist/machine-layouts.json",
      "scripts/prune-binaries.mjs",
      "deploy/start_worker.sh",
    ]),
  );
});

test("it has no tests, of the benchmarks only the results, no sources besides the examples, and source maps of what it runs only", () => {
  const wrong = files.filter(
    (file) =>
      /^(?:test|bench\/(?!results\/)|src|machines|\.)|\.test\./.test(file) ||
      (file.endsWith(".map") && !/^dist\/(?:src|machines)\//.test(file)),
  );
  expect(wrong).toEqual([]);
});

test("it has no part of elk: the build computes the layouts, for the page and the command line alike", () => {
  const scripts = files.filter((file) => /^dist\/.*\.js$/.test(file));
  expect(scripts.some((file) => file.startsWith("dist/inspect-page/"))).toBe(true);
  expect(scripts.filter((file) => /elkjs|elk\.layered/.test(readFileSync(root(file), "utf8")))).toEqual([]);
});
