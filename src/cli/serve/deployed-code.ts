import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { errorMessage, TsworkerError } from "../../shared/errors.js";
import { CODE_FILE, CONFIG_FILE } from "../deploy/deployment-package.js";
import { unpacked } from "../deploy/tar.js";

/** Milliseconds for the download, and largest size of an unpacked archive: 1 GiB. */
const DOWNLOAD_MS = 600_000;
const MAX_BYTES = 1024 * 1024 * 1024;

const urlSchema = z.object({ success: z.literal(true), download_url: z.string() });
const configSchema = z.object({
  name: z.string(),
  envs: z.array(z.tuple([z.string(), z.string()])).default([]),
});

/** Code that an engine has for this worker. */
export interface DeployedCode {
  /** Path of its file. */
  readonly path: string;
  /** Name of the deployment. */
  readonly name: string;
}

/**
 * Fetches the code of the deployment that the environment names, and sets the variables of its `env`.
 *
 * @throws {TsworkerError} `ENVIRONMENT_INVALID` without a deployment; `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
 */
export async function deployedCode(): Promise<DeployedCode> {
  const {
    DEPLOYMENT_ID: id,
    VAST_API_URL: web = "https://console.vast.ai",
    WORKER_FOLDER: parent = ".",
  } = process.env;
  if (!id) {
    throw new TsworkerError(
      "ENVIRONMENT_INVALID",
      "expected the file of a deployment, or DEPLOYMENT_ID in the environment: npx tsworker serve deployment.ts",
    );
  }
  const key = process.env.CONTAINER_API_KEY ?? process.env.VAST_API_KEY ?? "";
  const answer = await fetched(`${web}/api/v0/deployment/${encodeURIComponent(id)}/download_url/`, {
    authorization: `Bearer ${key}`,
  });
  const { data } = urlSchema.safeParse(await answer.json().catch(() => undefined));
  if (data === undefined)
    throw invalid(`expected the URL of the code of deployment ${id}, got something else`);
  const code = await fetched(data.download_url, {});
  let files: ReturnType<typeof unpacked>;
  try {
    files = unpacked(new Uint8Array(await code.arrayBuffer()), MAX_BYTES);
  } catch (cause) {
    throw invalid(`the code of deployment ${id} is no archive: ${errorMessage(cause)}`);
  }
  const { [CODE_FILE]: program, [CONFIG_FILE]: settings } = files;
  if (program === undefined || settings === undefined) {
    const names = Object.keys(files).join(", ");
    throw invalid(
      `the code of deployment ${id} has no ${CODE_FILE} and ${CONFIG_FILE}, but ${names}: another program has deployed it`,
    );
  }
  const config = configIn(settings, id);
  for (const [name, value] of config.envs) process.env[name] ??= value;
  const folder = resolve(parent, "deployment");
  await mkdir(folder, { recursive: true });
  const path = join(folder, CODE_FILE);
  await writeFile(path, program);
  return { path, name: config.name };
}

function configIn(settings: Uint8Array, id: string): z.output<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(Buffer.from(settings).toString("utf8")));
  } catch (cause) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `${CONFIG_FILE} of deployment ${id} is none of tsworker deploy`,
      { cause },
    );
  }
}

async function fetched(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(DOWNLOAD_MS) });
  } catch (cause) {
    throw new TsworkerError("ENGINE_UNREACHABLE", `no answer from ${hostOf(url)}: ${errorMessage(cause)}`, {
      cause,
    });
  }
  if (response.ok) return response;
  const text = (await response.text()).slice(0, 300);
  throw new TsworkerError("ENGINE_REFUSED", `${hostOf(url)} answered ${response.status}: ${text}`);
}

/** A URL without its query, which may have a secret. */
const hostOf = (url: string): string => url.split("?")[0] ?? url;

const invalid = (message: string): TsworkerError => new TsworkerError("ENGINE_INVALID", message);
