import type { EndpointParameters } from "../client/index.js";
import { formatErrors, TsworkerError } from "../shared/errors.js";

/** Options of a deployment. */
export interface DeploymentOptions {
  /** Its name: letters, digits, `_`, `-` and `.`, at most 64 characters. */
  readonly name: string;
  /** Tells deployments of the same name apart, such as `staging`; of the same characters. @default "default" */
  readonly tag?: string | undefined;
  /**
   * Docker image of its workers at a hosted engine; a local engine does not use it.
   * @default "node:20"
   */
  readonly image?: string | undefined;
  /** Gigabytes of disk of a worker at a hosted engine. @default 16 */
  readonly storage?: number | undefined;
  /** Requirements on the machines at a hosted engine, such as `gpu_name=RTX_4090`. @default none */
  readonly searchParams?: string | undefined;
  /** Environment variables of its workers. They are part of its code: a change starts new workers. @default none */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Names of environment variables that are secret: `tsworker deploy` sends their values from its own environment to the
   * engine, beside the code. @default none
   */
  readonly secrets?: readonly string[] | undefined;
  /** Parameters of scaling, by their names on the wire, such as `max_workers`. @default those of the engine */
  readonly scaling?: Omit<EndpointParameters, "endpoint_state"> | undefined;
  /** Packages that are not bundled, because they have native parts: the worker's machine must have them. @default none */
  readonly external?: readonly string[] | undefined;
}

/** Options with their defaults. */
export type CheckedDeploymentOptions = Readonly<
  Required<{ [Name in keyof DeploymentOptions]: NonNullable<DeploymentOptions[Name]> }>
>;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a text may be the name of a deployment, a tag or a function. */
export const isName = (name: unknown): name is string => typeof name === "string" && NAME.test(name);

const SCALING = [
  "min_load",
  "min_cold_load",
  "target_util",
  "cold_mult",
  "cold_workers",
  "max_workers",
  "max_queue_time",
  "target_queue_time",
  "inactivity_timeout",
];

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** @throws {TsworkerError} `CONFIG_INVALID`, listing every invalid option. */
export function checkedDeploymentOptions(options: DeploymentOptions): CheckedDeploymentOptions {
  const {
    name,
    tag = "default",
    image = "node:20",
    storage = 16,
    searchParams = "",
    env = {},
    secrets = [],
    scaling = {},
    external = [],
    ...unknown
  } = options;
  const errors: string[] = [];
  const expect = (isValid: boolean, option: string, expected: string, got: unknown): void => {
    if (!isValid) errors.push(`${option}: expected ${expected}, got ${shown(got)}`);
  };
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  const named = "1 to 64 letters, digits, _, - and . that do not begin with - or .";
  expect(isName(name), "name", named, name);
  expect(isName(tag), "tag", named, tag);
  expect(isText(image), "image", "the name of an image", image);
  expect(Number.isFinite(storage) && storage > 0, "storage", "a number over 0", storage);
  expect(typeof searchParams === "string", "searchParams", "a text", searchParams);
  const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  expect(isRecord(env), "env", "an object of texts", env);
  for (const [key, value] of Object.entries(isRecord(env) ? env : {})) {
    expect(VARIABLE.test(key), "env", "names of variables", key);
    expect(typeof value === "string", `env.${key}`, "a text", value);
  }
  expect(Array.isArray(secrets), "secrets", "a list of names of variables", secrets);
  for (const each of Array.isArray(secrets) ? secrets : []) {
    expect(typeof each === "string" && VARIABLE.test(each), "secrets", "names of variables", each);
    if (isRecord(env) && Object.hasOwn(env, String(each))) {
      errors.push(`secrets: ${each} is in env, too: its value would be part of the code`);
    }
  }
  expect(isRecord(scaling), "scaling", "an object of parameters", scaling);
  for (const [key, value] of Object.entries(isRecord(scaling) ? scaling : {})) {
    expect(SCALING.includes(key), "scaling", `some of ${SCALING.join(", ")}`, key);
    const isEmpty = value === undefined || (key === "inactivity_timeout" && value === null);
    expect(isEmpty || Number.isFinite(value), `scaling.${key}`, "a number", value);
  }
  expect(Array.isArray(external) && external.every(isText), "external", "a list of packages", external);
  for (const key of Object.keys(unknown)) errors.push(`${key}: there is no such option`);
  if (errors.length > 0) throw new TsworkerError("CONFIG_INVALID", formatErrors("the deployment", errors));
  return { name, tag, image, storage, searchParams, env, secrets, scaling, external };
}
