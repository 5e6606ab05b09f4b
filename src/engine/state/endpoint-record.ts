import { z } from "zod";
import { ENDPOINT_STATES } from "../machines/endpoint.js";
import {
  changedScaling,
  type ScalingParameters,
  scalingParametersSchema,
  withNumbers,
  withoutNulls,
} from "../scaling/scaling-parameters.js";

/** An endpoint as it is stored. */
export interface EndpointRecord {
  readonly id: number;
  readonly name: string;
  /** Key of clients that ask for a route. */
  readonly apiKey: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly state: (typeof ENDPOINT_STATES)[number];
  readonly parameters: ScalingParameters;
}

/** Longest name that a call may give, in UTF-16 units. */
const MAX_NAME = 1024;
/** Maximum number of fields of a call; known clients send about twenty. */
const MAX_FIELDS = 200;

const name = z.string().trim().min(1, "expected a name");
const givenName = name.max(MAX_NAME, `expected at most ${MAX_NAME} characters`);
const state = z.enum(ENDPOINT_STATES);

/** An object with a limited number of fields: each of them is validated. */
const fields = z.custom<Readonly<Record<string, unknown>>>(
  (given) =>
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.keys(given).length <= MAX_FIELDS,
  `expected an object of at most ${MAX_FIELDS} fields`,
);

const body = fields.transform((given) => withNumbers(withoutNulls(given)));

/** Body of `POST /api/v0/endptjobs/`. */
export const endpointRequestSchema = body
  .pipe(z.looseObject({ endpoint_name: givenName, endpoint_state: state.default("active") }))
  .transform(withParameters);

/** Body of `PUT /api/v0/endptjobs/<id>/`: missing fields keep their values. */
export function endpointChangeSchema({ name: oldName, state: oldState, parameters }: EndpointRecord) {
  return fields
    .transform((change) => changedScaling(parameters, change))
    .pipe(
      z.looseObject({ endpoint_name: givenName.default(oldName), endpoint_state: state.default(oldState) }),
    )
    .transform(withParameters);
}

function withParameters(
  body: { readonly endpoint_name: string; readonly endpoint_state: EndpointRecord["state"] },
  context: z.RefinementCtx,
) {
  const parsed = scalingParametersSchema.safeParse(body);
  for (const { path, message } of parsed.error?.issues ?? []) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
  if (!parsed.success) return z.NEVER;
  return { name: body.endpoint_name, state: body.endpoint_state, parameters: parsed.data };
}

/** An endpoint in the state file. */
export const endpointRecordSchema: z.ZodType<EndpointRecord> = z.object({
  id: z.int().positive(),
  name,
  apiKey: z.string(),
  createdAt: z.number(),
  state,
  parameters: scalingParametersSchema,
});

/** An endpoint by its names on the wire. */
export function wireEndpoint({
  id,
  name: endpoint_name,
  apiKey,
  createdAt,
  state: endpoint_state,
  parameters,
}: EndpointRecord) {
  return {
    id,
    endpoint_name,
    api_key: apiKey,
    user_id: 1,
    created_at: createdAt,
    endpoint_state,
    ...parameters,
    inactivity_timeout: parameters.inactivity_timeout ?? null,
    auto_delete_in_seconds: null,
    auto_delete_due_24h: false,
  };
}
