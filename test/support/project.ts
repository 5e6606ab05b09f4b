import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../unit/support/documents.js";

interface ProjectOptions {
  /** Its package.json; null: it has none. @default what `npm init -y` of npm 11 writes of types */
  readonly manifest?: Readonly<Record<string, unknown>> | null;
  /** Whether this package is installed in it. @default true */
  readonly hasPackage?: boolean;
  /** Beginning of its name. */
  readonly name?: string;
}

/** A user's folder with these files, which is gone when the test is over. */
export async function project(
  files: Readonly<Record<string, string>>,
  { manifest = { type: "commonjs" }, hasPackage = true, name = "tsworker-project-" }: ProjectOptions = {},
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), name)));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (hasPackage) {
    await mkdir(join(folder, "node_modules"));
    await symlink(root("."), join(folder, "node_modules", "tsworker"));
  }
  if (manifest !== null) await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}
