import { z } from "zod";
import { withoutNulls } from "../scaling/scaling-parameters.js";

/** Maximum depth of `search_params`: the state file must be readable. */
const MAX_LEVELS = 32;

const text = z
  .string()
  .nullish()
  .transform((given) => given ?? "");

const searchParams = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .nullish()
  .transform((given) => given ?? "")
  .refine((given) => !isDeeper(given, MAX_LEVELS), `expected at most ${MAX_LEVELS} levels`);

const optionalText = z.string().nullable().default(null);
const optionalNumber = z.number().nonnegative().nullable().default(null);
const optionalCount = z.int().nonnegative().nullable().default(null);

/** Body of `POST /api/v0/workergroups/`. The provider gets it unchanged. */
export const workergroupRequestSchema = z.object({
  endpoint_id: z.int().nullish(),
  endpoint_name: z.string().nullish(),
  template_hash: optionalText,
  template_id: z.int().nullable().default(null),
  search_params: searchParams,
  launch_args: text,
  gpu_ram: optionalNumber,
  // For providers: the engine scales by the parameters of the endpoint.
  min_load: optionalNumber,
  min_cold_load: optionalNumber,
  target_util: optionalNumber,
  cold_mult: optionalNumber,
  cold_workers: optionalCount,
  max_workers: optionalCount,
  test_workers: optionalCount,
  docker_login_user: optionalText,
  docker_login_pass: optionalText,
  docker_login_repo: optionalText,
});

/** A workergroup, by its names on the wire. */
export const workergroupSchema = workergroupRequestSchema.extend({
  id: z.int(),
  endpoint_id: z.int(),
  endpoint_name: z.string(),
  /** Epoch seconds. */
  created_at: z.number(),
  /** What its workers run; without it they are of the provider's own kind. */
  deployment: z
    .object({
      id: z.int(),
      /** Opens its code. */
      key: z.string(),
      /** Variables of its workers. */
      env: z.record(z.string(), z.string()),
    })
    .readonly()
    .optional(),
});

/** How the workers of an endpoint are made. */
export type Workergroup = Readonly<z.output<typeof workergroupSchema>>;

/** The fields of a workergroup that a client sets. */
export type WorkergroupSettings = Omit<Workergroup, "id" | "endpoint_id" | "endpoint_name" | "created_at">;

/** Body of `PUT /api/v0/workergroups/<id>/`: fields that are missing or null keep their values. */
export const workergroupChangeSchema = (group: Workergroup) =>
  z
    .record(z.string(), z.unknown())
    .transform((change): z.input<typeof workergroupRequestSchema> => ({ ...group, ...withoutNulls(change) }))
    .pipe(workergroupRequestSchema);

/** A workergroup in an answer, without the secrets that it may contain. */
export const shownWorkergroup = ({ docker_login_pass, deployment, ...group }: Workergroup) => ({
  ...group,
  ...(deployment && { deployment_id: deployment.id }),
  docker_login_pass: docker_login_pass === null ? null : "********",
});

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
