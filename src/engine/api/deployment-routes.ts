import {
  type DeploymentRecord,
  deploymentNameSchema,
  deploymentRequestSchema,
  wireDeployment,
  wireVersion,
} from "../deployments/deployment-record.js";
import type { Deployments } from "../deployments/deployments.js";
import { keyOf } from "./admission.js";
import { type EngineAnswer, type EngineRequest, refusal, validationMessage } from "./exchange.js";
import type { Method, Route } from "./router.js";

/** The parts of the engine that these routes use. */
export interface DeploymentContext {
  /** Name of the endpoint that the engine was started with. It is not removed with a deployment. */
  readonly ownEndpoint: string;
  readonly accountKey: string;
  /** Whether the engine starts workers. */
  readonly startsWorkers: boolean;
  deployments(): Deployments;
}

type Handler = (request: EngineRequest) => EngineAnswer | Promise<EngineAnswer>;

const done = (more: object = {}): EngineAnswer => ({ status: 200, body: { success: true, ...more } });

const UPLOADS = "/deployment_uploads";
const CODE = "/deployment_code";

/** Bytes of a form beside its file. */
const FORM_BYTES = 64 * 1024;

/** The calls that manage deployments, with the account's key, and the transfer of their code. */
export function deploymentRoutes(context: DeploymentContext): readonly Route[] {
  const route = (path: string, methods: { readonly [method in Method]?: Handler }): Route => ({
    path,
    access: "account",
    refusals: "account",
    mayBeEmpty: true,
    methods,
  });
  const withRecord =
    (
      then: (record: DeploymentRecord, request: EngineRequest) => EngineAnswer | Promise<EngineAnswer>,
    ): Handler =>
    (request) => {
      const record = context.deployments().byId(request.id);
      return record ? then(record, request) : refusal(404, `no such deployment: ${request.id}`);
    };
  const one = "/api/v0/deployment/:id";
  const enter = (state: "active" | "stopped"): Handler =>
    withRecord((record) => {
      context.deployments().enter(record, state);
      return done({ endpoint_state: state });
    });
  return [
    route("/api/v0/deployments", {
      GET: () => done({ deployments: context.deployments().all.map((each) => shown(context, each)) }),
      PUT: (request) => place(context, request),
      DELETE: ({ body }) => removeNamed(context, body),
    }),
    route(one, {
      GET: withRecord((record) => done({ deployment: shown(context, record) })),
      DELETE: withRecord((record) => {
        remove(context, record);
        return done();
      }),
    }),
    route(`${one}/versions`, {
      GET: withRecord(({ versions }) => done({ versions: versions.map(wireVersion) })),
    }),
    route(`${one}/start`, { POST: enter("active") }),
    route(`${one}/stop`, { POST: enter("stopped") }),
    route(`${one}/heartbeat`, {
      POST: withRecord((record) => {
        context.deployments().beat(record);
        return done();
      }),
    }),
    // A worker has the key of its deployment only.
    {
      path: `${one}/download_url`,
      access: "public",
      refusals: "account",
      methods: { GET: (request) => downloadUrl(context, request) },
    },
    { path: CODE, access: "public", methods: { GET: (request) => code(context, request) } },
    {
      path: UPLOADS,
      access: "public",
      formLimit: (query) => {
        const version = context.deployments().awaited(query.get("key") ?? "");
        return version ? version.fileSize + FORM_BYTES : refusal(403, "no upload is awaited");
      },
      methods: { POST: (request) => upload(context, request) },
    },
  ];
}

async function place(context: DeploymentContext, { body, origin }: EngineRequest): Promise<EngineAnswer> {
  const parsed = deploymentRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const placed = await context.deployments().place(parsed.data);
  if (typeof placed === "string") return refusal(400, placed);
  const { action, record, upload: secret, evicted } = placed;
  return done({
    action,
    deployment_id: record.id,
    endpoint_id: record.endpointId,
    workergroup_id: record.groupId,
    evicted_versions: evicted,
    ...(secret !== undefined && {
      upload_url: `${origin}${UPLOADS}/?key=${secret}`,
      upload_fields: { key: `${record.id}.tar.gz` },
    }),
  });
}

function shown(context: DeploymentContext, record: DeploymentRecord): object {
  const endpoint = context.deployments().endpointOf(record);
  const workers = endpoint?.workers.view() ?? [];
  const ready = workers.filter(({ state }) => state === "idle").length;
  const update = record.groupId === null ? undefined : endpoint?.workers.groups.updateState(record.groupId);
  const isHealthy = ready > 0 && (update === undefined || update.state === "complete");
  if (isHealthy) context.deployments().noteHealthy(record);
  const failed = workers.find(({ failure, state }) => failure !== undefined && state !== "idle");
  return wireDeployment(
    context.deployments().byId(record.id) ?? record,
    endpoint && { state: endpoint.record.state, workers: workers.length, ready },
    {
      endpoint_name: endpoint?.record.name ?? null,
      /** State of the last rolling update; null: there was none. */
      update: update ?? null,
      awaits_upload: record.pending !== null,
      starts_workers: context.startsWorkers,
      failure: failed?.failure ?? null,
    },
  );
}

function removeNamed(context: DeploymentContext, body: unknown): EngineAnswer {
  const parsed = deploymentNameSchema.safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const { name, tag } = parsed.data;
  const records = context.deployments().byName(name, tag ?? undefined);
  if (records.length === 0) {
    return refusal(404, `no such deployment: ${name}${tag ? ` with the tag ${tag}` : ""}`);
  }
  for (const record of records) remove(context, record);
  return done({ count: records.length });
}

/** Not awaited: its workers may drain for a while. */
function remove(context: DeploymentContext, record: DeploymentRecord): void {
  const endpoint = context.deployments().endpointOf(record);
  void context.deployments().remove(record, endpoint?.record.name === context.ownEndpoint);
}

function downloadUrl(context: DeploymentContext, request: EngineRequest): EngineAnswer {
  const record = context.deployments().byId(request.id);
  const key = keyOf(request);
  if (record === undefined || (key !== context.accountKey && key !== record.key)) {
    return refusal(401, "invalid api_key");
  }
  if (record.versions.length === 0) return refusal(404, `deployment ${record.name} has no code yet`);
  return done({ download_url: `${request.origin}${CODE}/?id=${record.id}&key=${record.key}` });
}

async function code(context: DeploymentContext, { query }: EngineRequest): Promise<EngineAnswer> {
  const record = context.deployments().byId(Number(query.get("id")));
  if (record === undefined || query.get("key") !== record.key) return refusal(403, "invalid key");
  const bytes = await context.deployments().code(record);
  return bytes ? { status: 200, body: bytes } : refusal(404, `deployment ${record.name} has no code yet`);
}

async function upload(
  context: DeploymentContext,
  { body, contentType, query }: EngineRequest,
): Promise<EngineAnswer> {
  const file = await fileIn(body as Buffer, contentType);
  if (file === undefined) return refusal(400, "expected multipart/form-data with a file named file");
  const refused = await context.deployments().takeUpload(query.get("key") ?? "", file);
  return refused === undefined ? done() : refusal(400, refused);
}

/** The file of a form; undefined: there is none. */
async function fileIn(body: Buffer, contentType: string): Promise<Uint8Array | undefined> {
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { "content-type": contentType },
    }).formData();
    const file = form.get("file");
    return file instanceof File ? new Uint8Array(await file.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}
