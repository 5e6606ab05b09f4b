import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { build } from "esbuild";
import type { Deployment } from "../../deployment/index.js";
import { TsworkerError } from "../../shared/errors.js";
import { shownPath } from "../run/source-place.js";
import { packed } from "./tar.js";

/** The files of a package. */
export const CODE_FILE = "deployment.mjs";
export const CONFIG_FILE = "config.json";

/** The code of a deployment as one file, with its settings, in an archive. */
export interface DeploymentPackage {
  /** SHA-256 of code and settings, in hexadecimal digits. */
  readonly hash: string;
  readonly archive: Buffer;
  /** Bytes of the code. */
  readonly codeBytes: number;
}

/** Names of CommonJS that packages in the bundle may use. */
const BANNER =
  'import { createRequire as __tsworkerRequire } from "node:module"; const require = __tsworkerRequire(import.meta.url);';

/**
 * Packages a deployment: its file with all that it imports in one file, but this package and those that are `external`. The same
 * code gives the same hash.
 *
 * @throws {TsworkerError} `CONFIG_INVALID` when it cannot be bundled.
 */
export async function packageOf(
  { name, tag, options }: Deployment,
  file: string,
): Promise<DeploymentPackage> {
  const code = await bundled(file, options.external);
  // As the reference's, with its names.
  const config = JSON.stringify({ name, tag, envs: Object.entries(options.env).toSorted() });
  const hash = createHash("sha256").update(config).update("\0").update(code).digest("hex");
  const archive = packed({ [CONFIG_FILE]: Buffer.from(config), [CODE_FILE]: code });
  return { hash, archive, codeBytes: code.length };
}

async function bundled(file: string, external: readonly string[]): Promise<Uint8Array> {
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      // Functions are found by their names.
      keepNames: true,
      sourcemap: "inline",
      sourcesContent: false,
      legalComments: "none",
      logLevel: "silent",
      banner: { js: BANNER },
      external: ["tsworker", "tsworker/*", ...external, ...external.map((each) => `${each}/*`)],
      write: false,
    });
    return outputFiles[0]?.contents ?? new Uint8Array();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const advice = /\.node"/.test(message)
      ? "\nname packages with native parts in the deployment's option external"
      : "";
    throw new TsworkerError("CONFIG_INVALID", `${shownPath(file)} cannot be bundled: ${message}${advice}`, {
      cause: error,
    });
  }
}
