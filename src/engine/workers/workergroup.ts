import { z } from "zod";

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

/** Body of `POST /api/v0/workergroups/`. The provider gets it unchanged. */
export const workergroupRequestSchema = z.object({
  endpoint_id: z.int().nullish(),
  endpoint_name: z.string().nullish(),
  template_hash: z.string().nullable().default(null),
  template_id: z.int().nullable().default(null),
  search_params: searchParams,
  launch_args: text,
  gpu_ram: z.number().nonnegative().nullable().default(null),
});

/** A workergroup, by its names on the wire. */
export const workergroupSchema = workergroupRequestSchema.extend({
  id: z.int(),
  endpoint_id: z.int(),
  endpoint_name: z.string(),
  /** Epoch seconds. */
  created_at: z.number(),
});

/** How the workers of an endpoint are made. */
export type Workergroup = Readonly<z.output<typeof workergroupSchema>>;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
