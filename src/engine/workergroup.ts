import { z } from "zod";

const text = z.string().default("");

/** What a client says of a workergroup. The engine hands it to the provider as it is. */
export const workergroupRequestSchema = z.object({
  endpoint_id: z.int().optional(),
  endpoint_name: z.string().optional(),
  template_hash: z.string().nullable().default(null),
  template_id: z.int().nullable().default(null),
  search_params: z.union([z.string(), z.record(z.string(), z.unknown())]).default(""),
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
