import type { Endpoints } from "../endpoints/endpoints.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import { endpointChangeSchema, endpointRequestSchema, wireEndpoint } from "../state/endpoint-record.js";
import { workergroupRequestSchema } from "../workers/workergroup.js";
import { type EngineAnswer, type EngineRequest, refusal, validationMessage } from "./exchange.js";
import type { Route } from "./router.js";

/** The parts of the engine that these routes use. */
export interface AccountContext {
  /** Name of the endpoint that the engine was started with. It can be neither renamed nor removed. */
  readonly ownEndpoint: string;
  endpoints(): Endpoints;
}

type Handler = (context: AccountContext, request: EngineRequest) => EngineAnswer;

const done = (more: object = {}): EngineAnswer => ({ status: 200, body: { success: true, ...more } });

/** The calls by which endpoints and workergroups are managed, with the account's key. */
export function accountRoutes(context: AccountContext): readonly Route[] {
  const to =
    (handler: Handler) =>
    (request: EngineRequest): EngineAnswer =>
      handler(context, request);
  return [
    {
      path: "/api/v0/endptjobs",
      access: "account",
      methods: { GET: to(listEndpoints), POST: to(createEndpoint) },
    },
    {
      path: "/api/v0/endptjobs/:id",
      access: "account",
      methods: { GET: to(showEndpoint), PUT: to(changeEndpoint), DELETE: to(removeEndpoint) },
    },
    {
      path: "/api/v0/workergroups",
      access: "account",
      methods: { GET: to(listGroups), POST: to(createGroup) },
    },
    { path: "/api/v0/workergroups/:id", access: "account", methods: { DELETE: to(removeGroup) } },
  ];
}

const listEndpoints: Handler = (context) =>
  done({ results: context.endpoints().all.map(({ record }) => wireEndpoint(record)) });

const createEndpoint: Handler = (context, { body }) => {
  const parsed = endpointRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  if (context.endpoints().byName(parsed.data.name)) return nameTaken(parsed.data.name);
  return done({ result: context.endpoints().create(parsed.data).record.id });
};

const showEndpoint: Handler = (context, { id }) =>
  withEndpoint(context, id, ({ record }) => done({ result: wireEndpoint(record) }));

const changeEndpoint: Handler = (context, { id, body }) =>
  withEndpoint(context, id, (endpoint) => {
    const parsed = endpointChangeSchema(endpoint.record).safeParse(body);
    if (!parsed.success) return refusal(400, validationMessage(parsed.error));
    const { name } = parsed.data;
    const { name: oldName } = endpoint.record;
    if (name !== oldName && context.endpoints().byName(name)) return nameTaken(name);
    if (name !== oldName && oldName === context.ownEndpoint) return refusal(400, isOwn(oldName, "renamed"));
    context.endpoints().change(endpoint, parsed.data);
    return done({ result: wireEndpoint(endpoint.record) });
  });

const removeEndpoint: Handler = (context, { id }) =>
  withEndpoint(context, id, (endpoint) => {
    const { name } = endpoint.record;
    if (name === context.ownEndpoint) return refusal(400, isOwn(name, "removed"));
    // Not awaited: its workers may drain for a while. Failures are notices.
    void context.endpoints().remove(endpoint);
    return done({ result: id });
  });

const listGroups: Handler = (context) => done({ results: context.endpoints().groups });

const createGroup: Handler = (context, { body }) => {
  const parsed = workergroupRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const { endpoint_id, endpoint_name, ...settings } = parsed.data;
  const named = endpoint_id ?? endpoint_name;
  if (named === undefined || named === null) return refusal(400, "expected endpoint_id or endpoint_name");
  const endpoint =
    typeof named === "number" ? context.endpoints().byId(named) : context.endpoints().byName(named);
  if (endpoint === undefined) return noSuch(named);
  return done({ id: context.endpoints().addGroup(endpoint, settings).id });
};

const removeGroup: Handler = (context, { id }) =>
  context.endpoints().removeGroup(id) ? done({ id }) : refusal(400, `no such workergroup: ${id}`);

function withEndpoint(
  context: AccountContext,
  id: number,
  then: (endpoint: ManagedEndpoint) => EngineAnswer,
): EngineAnswer {
  const endpoint = context.endpoints().byId(id);
  return endpoint ? then(endpoint) : noSuch(id);
}

function noSuch(endpoint: number | string): EngineAnswer {
  return refusal(400, `no such endpoint: ${endpoint}`);
}

function nameTaken(name: string): EngineAnswer {
  return refusal(400, `there is an endpoint named ${name} already`);
}

function isOwn(name: string, done: string): string {
  return `the engine was started with the endpoint ${name}, which cannot be ${done}`;
}
