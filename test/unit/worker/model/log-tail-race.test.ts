import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { logPath, tailed } from "../../support/tailed.js";

const hooks: { beforeStat: () => void } = vi.hoisted(() => ({ beforeStat: () => {} }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...fs,
    stat: (path: string) => {
      hooks.beforeStat();
      return fs.stat(path);
    },
  };
});

test("what is written between the last look at a log and its rotation is read before the new file", async () => {
  const file = await logPath();
  writeFileSync(file, "old\n");
  const { lines } = tailed(file);
  let isRotated = false;
  hooks.beforeStat = () => {
    if (isRotated || lines.length === 0) return;
    isRotated = true;
    appendFileSync(file, "at the last moment\n");
    renameSync(file, `${file}.1`);
    writeFileSync(file, "new\n");
  };
  await eventually(() => expect(lines.at(-1)).toBe("new"));
  expect(lines).toEqual(["old", "at the last moment", "new"]);
});
