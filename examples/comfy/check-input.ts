import { type Payload, PayloadError } from "tsworker";
import { type Faults, faultsOf, integer, isObject, optional, type Rule, text } from "../checks/payload.js";
import { isHttpUrl } from "../checks/variables.js";
import { checkWorkflow, side } from "./check-workflow.js";
import type { NodeCatalog } from "./node-catalog.js";

/** Part of the wrapper's log and of paths on the instance: nothing that must not appear there. */
const REQUEST_ID = /^([0-9a-z_-]{1,64}|[0-9A-Fa-f-]{36})$/;
const S3_KEYS = ["access_key_id", "secret_access_key", "bucket_name"] as const;
const SAMPLE = '{"input": {"modifier": "Text2Image", "modifications": {"prompt": "a red kite"}}}';

/**
 * Lets a payload pass that the wrapper can do something with.
 *
 * @throws PayloadError that names every invalid field and what to do about it.
 */
export function checkInput(payload: Payload, catalog: NodeCatalog): Payload {
  const faults: Faults = {};
  const { input } = payload;
  if (!isObject(input)) throw new PayloadError({ input: `the request belongs into it, as in ${SAMPLE}` });
  const { request_id, modifier, modifications, workflow_json, s3, webhook } = input;
  if (isGiven(request_id) && !REQUEST_ID.test(String(request_id))) {
    faults["input.request_id"] = "must be a UUID, or at most 64 small letters, digits, - and _";
  }
  const hasModifier = isGiven(modifier);
  const hasWorkflow = isGiven(workflow_json) && JSON.stringify(workflow_json) !== "{}";
  if (hasModifier && hasWorkflow) {
    faults["input.modifier"] = "goes without workflow_json: leave one of the two out";
  } else if (hasModifier) {
    checkModifications(modifier, modifications, catalog, faults);
  } else if (hasWorkflow) {
    checkWorkflow(workflow_json, catalog, faults);
  } else {
    faults["input.workflow_json"] = `give it, or a modifier, as in ${SAMPLE}`;
  }
  if (isGiven(s3)) checkS3(isObject(s3) ? s3 : {}, faults);
  if (isGiven(webhook) && !(isObject(webhook) && isHttpUrl(webhook.url))) {
    faults["input.webhook.url"] = "must be an address that begins with http:// or https://";
  }
  if (Object.keys(faults).length > 0) throw new PayloadError(faults);
  return payload;
}

/** The wrapper takes what is empty for what is not there. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

function checkS3(s3: Payload, faults: Faults): void {
  for (const key of S3_KEYS) {
    if (typeof s3[key] === "string" && s3[key] !== "") continue;
    faults[`input.s3.${key}`] =
      "is missing; leave s3 out for the instance's own store, or for the bytes in the answer";
  }
  if (isGiven(s3.endpoint_url) && !isHttpUrl(s3.endpoint_url)) {
    faults["input.s3.endpoint_url"] = "must be an address that begins with http:// or https://";
  }
}

const FIELD = "input.modifications";

const seed: Rule = (value, payload) =>
  value === "__RANDOM_INT__" || integer(0)(value, payload) === undefined
    ? undefined
    : 'must be an integer from 0 on, or "__RANDOM_INT__" for a new one each time';

const RULES: Readonly<Record<string, Rule>> = {
  prompt: text("a red kite"),
  width: optional(side),
  height: optional(side),
  steps: optional(integer(1, 10_000)),
  seed: optional(seed),
};

/** The node whose list a modification is chosen from. */
const CHOICES = {
  ckpt_name: "CheckpointLoaderSimple",
  sampler_name: "KSampler",
  scheduler: "KSampler",
} as const;

/** Checks what a modifier of the wrapper is given; checked for `Text2Image` only. */
function checkModifications(modifier: unknown, given: unknown, catalog: NodeCatalog, faults: Faults): void {
  const modifications = given ?? {};
  if (!isObject(modifications)) {
    faults[FIELD] = 'must be an object such as {"prompt": "a red kite", "steps": 20}';
    return;
  }
  if (modifier !== "Text2Image") return;
  for (const [name, fault] of Object.entries(faultsOf(RULES, modifications))) {
    faults[`${FIELD}.${name}`] = fault;
  }
  for (const [name, node] of Object.entries(CHOICES)) {
    const fault = catalog.choiceFault(node, name, modifications[name]);
    if (fault !== undefined) faults[`${FIELD}.${name}`] = fault;
  }
}
