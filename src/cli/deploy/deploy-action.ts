import { setTimeout as pause } from "node:timers/promises";
import { type DeploymentRecord, type PlacedDeployment, Serverless } from "../../client/index.js";
import type { Deployment } from "../../deployment/index.js";
import { TsworkerError } from "../../shared/errors.js";
import { engineAccess } from "../command/engine-access.js";
import { INSTANCES } from "../command/engine-flags.js";
import { printEvent } from "../command/terminal.js";
import { shownPath } from "../run/source-place.js";
import { loadDeployment } from "../serve/deployment-file.js";
import { type DeploymentPackage, packageOf } from "./deployment-package.js";

interface DeployCommandOptions {
  readonly name?: string;
  readonly label?: string;
  readonly apiKey?: string;
  readonly engineUrl?: string;
  readonly instance?: keyof typeof INSTANCES;
  /** Seconds. */
  readonly timeout: number;
  readonly wait: boolean;
}

/** Runs `tsworker deploy`. */
export async function run(path: string, options: DeployCommandOptions): Promise<void> {
  const { name, timeout, wait, label } = options;
  const folder = new URL("../run/", import.meta.url);
  const { deployment, file } = await loadDeployment({ path, command: "tsworker deploy", name, folder });
  const secrets = secretsOf(deployment);
  const { engineUrl, apiKey } = accessOf(options);
  const code = await packageOf(deployment, file);
  printEvent("package", `${shownPath(file)}  ${kilobytes(code.codeBytes)}  hash ${code.hash.slice(0, 12)}`);
  const calls = new Serverless({ apiKey, engineUrl });
  const placed = await calls.deployments.put(configOf(deployment, { code, secrets, label }));
  printEvent(
    "register",
    `${deployment.name}  ${ACTIONS[placed.action] ?? placed.action}  id ${placed.deployment_id}`,
  );
  if (placed.upload_url === undefined) printEvent("upload", "not needed: the engine has this code");
  else {
    await calls.deployments.upload(placed, code.archive);
    printEvent("upload", kilobytes(code.archive.length));
  }
  await updateWorkers(calls, placed);
  if (wait) await untilReady(calls, placed.deployment_id, timeout * 1000);
  printEvent("call it", `with ENGINE_URL=${engineUrl} and VAST_API_KEY in the environment of the caller`);
}

const ACTIONS: Readonly<Record<PlacedDeployment["action"], string>> = {
  created: "is new",
  soft_update: "has a new version",
  autoscale_update: "is unchanged, with other parameters of scaling",
  exists: "is unchanged",
};

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** @throws {TsworkerError} `CONFIG_INVALID` when one is not set. */
function secretsOf({ name, options }: Deployment): readonly (readonly [string, string])[] {
  const missing = options.secrets.filter((each) => !process.env[each]);
  if (missing.length > 0) {
    throw invalid(
      `the deployment ${name} has secrets that are not set in this environment: ${missing.join(", ")}`,
    );
  }
  return options.secrets.map((each) => [each, process.env[each] ?? ""]);
}

function accessOf({ apiKey, engineUrl, instance = "local" }: DeployCommandOptions) {
  const url = engineUrl ?? INSTANCES[instance];
  const key = apiKey ?? (url === undefined || instance !== "prod" ? undefined : process.env.VAST_API_KEY);
  if (url !== undefined && key) return { engineUrl: url, apiKey: key };
  // The key of a local engine's endpoint is that of its account, unless it was given another.
  return engineAccess({
    ...(apiKey !== undefined && { apiKey }),
    ...(engineUrl !== undefined && { engineUrl }),
    instance,
    timeout: 0,
  });
}

interface ConfigInput {
  readonly code: DeploymentPackage;
  readonly secrets: readonly (readonly [string, string])[];
  readonly label: string | undefined;
}

function configOf({ name, tag, options }: Deployment, { code, secrets, label }: ConfigInput) {
  const { image, storage, searchParams, scaling } = options;
  return {
    ...scaling,
    name,
    tag,
    image,
    storage,
    file_hash: code.hash,
    file_size: code.archive.length,
    ...(searchParams !== "" && { search_params: searchParams }),
    ...(label !== undefined && { version_label: label }),
    // As for a shell: a quote in a value ends the quoted part, and begins the next one.
    env: secrets.map(([key, value]) => `-e ${key}='${value.replaceAll("'", `'\\''`)}'`).join(" "),
  };
}

/** Replaces the workers of earlier code, also after an update that has ended early. */
async function updateWorkers(calls: Serverless, placed: PlacedDeployment): Promise<void> {
  const { update } = await calls.deployments.get(placed.deployment_id);
  if (placed.action !== "soft_update" && !hasEndedEarly(update)) return;
  const group = placed.workergroup_id ?? (await groupOf(calls, placed.endpoint_id));
  if (group === undefined) return;
  const { workers_to_update, error, error_msg } = await calls.updateWorkers(group);
  const refused = error ?? error_msg;
  if (refused !== undefined)
    throw new TsworkerError("ENGINE_REFUSED", `the workers are not updated: ${refused}`);
  printEvent(
    "update",
    `replaces ${workers_to_update === 1 ? "1 worker" : `${workers_to_update ?? "all"} workers`}`,
  );
}

const hasEndedEarly = (update: DeploymentRecord["update"]): boolean =>
  update?.state === "stopped" || update?.state === "cancelled";

async function groupOf(calls: Serverless, endpointId: number): Promise<number | undefined> {
  const groups = await calls.getWorkergroups();
  return groups.find(({ endpoint_id }) => endpoint_id === endpointId)?.id;
}

const POLL_MS = 500;

/** Waits until workers of the current code are ready, and shows what happens. */
async function untilReady(calls: Serverless, id: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let shown = "";
  for (;;) {
    const record = await calls.deployments.get(id);
    const { ready_count: ready, starts_workers: starts, update, failure } = record;
    if (ready === undefined) return;
    if (starts === false && ready === 0) {
      printEvent(
        "workers",
        "none: this engine starts none; run one with tsworker serve, or the engine with --provider process",
      );
      return;
    }
    const text = progressOf(record);
    if (text !== shown) printEvent("workers", text);
    shown = text;
    if (hasEndedEarly(update)) {
      const why = update?.reason ? `, because ${update.reason}` : "";
      throw new TsworkerError("ENGINE_REFUSED", `the update was ${update?.state}${why}`);
    }
    if (ready > 0 && update?.state !== "in progress") return;
    if (performance.now() >= deadline) {
      const reason = failure ? `: ${failure}` : "";
      throw new TsworkerError("NO_WORKER_READY", `no worker was ready within ${timeoutMs / 1000} s${reason}`);
    }
    await pause(POLL_MS);
  }
}

function progressOf({ worker_count, ready_count, update, failure }: DeploymentRecord): string {
  const updating = update ? `, update: ${update.state}` : "";
  const failed = failure ? `, a worker failed: ${failure}` : "";
  return `${ready_count} of ${worker_count} ready${updating}${failed}`;
}

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);
