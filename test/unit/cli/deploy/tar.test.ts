import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packed, unpacked } from "../../../../src/cli/deploy/tar.js";

const FILES = {
  "config.json": Buffer.from("{}"),
  "deployment.mjs": Buffer.alloc(1025, "x"),
  empty: Buffer.alloc(0),
};

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "tsworker-tar-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("an archive has its files, and the same bytes for the same files", () => {
  expect(unpacked(packed(FILES), 1e6)).toEqual(FILES);
  expect(packed(FILES)).toEqual(packed(FILES));
});

test("tar reads it, and what tar has made is read", () => {
  const path = folder();
  const archive = join(path, "archive.tar.gz");
  writeFileSync(archive, packed(FILES));
  expect(execFileSync("tar", ["-tzf", archive], { encoding: "utf8" })).toBe(
    "config.json\ndeployment.mjs\nempty\n",
  );
  writeFileSync(join(path, "a.txt"), "text");
  const made = execFileSync("tar", ["-czf", "-", "-C", path, "./a.txt"]);
  expect(unpacked(made, 1e6)).toEqual({ "a.txt": Buffer.from("text") });
});

test("what is no archive, is damaged or too large is refused", () => {
  expect(() => unpacked(Buffer.from("text"), 1e6)).toThrow();
  expect(() => unpacked(packed({ a: Buffer.alloc(100_000) }), 1000)).toThrow();
});
