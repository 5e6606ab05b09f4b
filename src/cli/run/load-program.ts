import { register } from "node:module";
import { pathToFileURL } from "node:url";
import { register as registerTypeScript } from "tsx/esm/api";
import { packageRoot } from "../../shared/package-root.js";
import type { ModuleHooksData } from "./module-hooks.js";

interface ProgramInput {
  readonly file: string;
  /** Its arguments, which are in `process.argv` as usual. @default none */
  readonly given?: readonly string[];
  /** URL of this folder: this module may be in a bundle elsewhere, a module with a file of its own has it. */
  readonly folder: URL;
}

/**
 * Loads a program in this process; TypeScript needs no build step.
 *
 * @returns its exports.
 * @throws what the program throws.
 */
export async function loadProgram({
  file,
  given = [],
  folder,
}: ProgramInput): Promise<Readonly<Record<string, unknown>>> {
  const { href } = pathToFileURL(file);
  process.argv = [process.execPath, file, ...given];
  // Errors name the lines of the TypeScript that was written.
  process.setSourceMapsEnabled(true);
  const data: ModuleHooksData = { entry: href };
  // Before those of tsx, which then take what a program is from ours.
  register(new URL("module-hooks.js", folder), { data });
  registerTypeScript();
  // After them, so that they do not see the modules of this package.
  register(new URL("package-hooks.js", folder), { data: { folder: `${packageRoot}/dist/` } });
  return await import(href);
}
