import { z } from "zod";
import { withNumbers, withoutNulls } from "../scaling/scaling-parameters.js";
import { withoutValues } from "./docker-env.js";

/** Largest archive of a deployment's code, in bytes: 256 MiB. */
export const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;

const MAX_TEXT = 1024;
/** Longest `env`, which may have long secrets. */
const MAX_ENV = 64 * 1024;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const name = z.string().regex(NAME, "expected 1 to 64 letters, digits, _, - and .");
const optionalText = z.string().max(MAX_TEXT).nullable().default(null);
const optionalNumber = z.number().nonnegative().nullable().default(null);

/** Body of `PUT /api/v0/deployments/`, beside the parameters of scaling. */
export const deploymentRequestSchema = z
  .record(z.string(), z.unknown())
  .transform((given) => withNumbers(withoutNulls(given)))
  .pipe(
    z.looseObject({
      name,
      tag: name.default("default"),
      image: z.string().min(1, "expected the name of an image").max(MAX_TEXT),
      file_hash: z.string().regex(/^[0-9a-f]{8,128}$/, "expected a hash in hexadecimal digits"),
      file_size: z
        .int("expected a number of bytes")
        .positive("expected a number of bytes, more than 0")
        .max(MAX_ARCHIVE_BYTES, `expected at most ${MAX_ARCHIVE_BYTES} bytes`),
      env: z.string().max(MAX_ENV).default(""),
      search_params: z.string().max(MAX_TEXT).nullable().default(null),
      storage: z.number().positive().default(50),
      ttl: z.number().positive("expected seconds, more than 0").nullable().default(null),
      version_label: optionalText,
      docker_login_user: optionalText,
      docker_login_pass: optionalText,
      docker_login_repo: optionalText,
    }),
  );

/** Body of `DELETE /api/v0/deployments/`. */
export const deploymentNameSchema = z.object({ name, tag: name.nullish() });

export type DeploymentRequest = Readonly<z.output<typeof deploymentRequestSchema>>;

const versionSchema = z.object({
  id: z.int(),
  label: optionalText,
  fileHash: z.string(),
  fileSize: z.int(),
  image: z.string(),
  env: z.string(),
  storage: z.number(),
  searchParams: z.string().nullable(),
  docker: z.object({
    docker_login_user: optionalText,
    docker_login_pass: optionalText,
    docker_login_repo: optionalText,
  }),
  createdAt: z.number(),
});

/** Code and settings that were deployed together. */
export type DeploymentVersion = Readonly<z.output<typeof versionSchema>>;

/** A deployment as it is stored. */
export const deploymentRecordSchema = z.object({
  id: z.int().positive(),
  name,
  tag: name,
  endpointId: z.int(),
  /** Null before its code was uploaded. */
  groupId: z.int().nullable(),
  /** Opens its code, for its workers. */
  key: z.string(),
  ttl: optionalNumber,
  /** Those whose code is here, oldest first; the last one is current. */
  versions: z.array(versionSchema),
  /** The one whose code is awaited. */
  pending: versionSchema.nullable(),
  lastVersionId: z.int(),
  lastHealthyVersionId: z.int().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  heartbeatAt: z.number().nullable(),
});

export type DeploymentRecord = Readonly<z.output<typeof deploymentRecordSchema>>;

/** A deployment by its names on the wire. Values of variables, which may be secret, are not shown. */
export function wireDeployment(
  record: DeploymentRecord,
  endpoint: { readonly state: string; readonly workers: number; readonly ready: number } | undefined,
  more: Readonly<Record<string, unknown>>,
) {
  const version = record.versions.at(-1) ?? record.pending;
  return {
    id: record.id,
    name: record.name,
    tag: record.tag,
    endpoint_id: record.endpointId,
    workergroup_id: record.groupId,
    endpoint_state: endpoint?.state ?? null,
    worker_count: endpoint?.workers ?? 0,
    ready_count: endpoint?.ready ?? 0,
    s3_key: version ? archiveName(record.id, version.fileHash) : null,
    env: withoutValues(version?.env ?? ""),
    image: version?.image ?? "",
    storage: version?.storage ?? 0,
    search_params: version?.searchParams ?? null,
    file_hash: version?.fileHash ?? "",
    current_version_id: version?.id ?? 0,
    last_healthy_version_id: record.lastHealthyVersionId,
    ttl: record.ttl,
    last_client_heartbeat: record.heartbeatAt,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    ...more,
  };
}

export const wireVersion = ({ id, label, fileHash, fileSize, image, createdAt }: DeploymentVersion) => ({
  id,
  version_label: label,
  file_hash: fileHash,
  file_size: fileSize,
  image,
  created_at: createdAt,
});

/** Name of the file with an archive. */
export const archiveName = (id: number, hash: string): string => `${id}-${hash}.tar.gz`;
