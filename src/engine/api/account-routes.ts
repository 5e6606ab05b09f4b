import type { Endpoints } from "../endpoints/endpoints.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import { endpointChangeSchema, endpointRequestSchema, wireEndpoint } from "../state/endpoint-record.js";
import {
  shownWorkergroup,
  workergroupChangeSchema,
  workergroupRequestSchema,
} from "../workers/workergroup.js";
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

/** The service has two names for workergroups: its clients use one, its command line the other. */
const WORKERGROUPS = ["/api/v0/workergroups", "/api/v0/autojobs"];

/** The calls that manage endpoints and workergroups, with the account's key. */
export function accountRoutes(context: AccountContext): readonly Route[] {
  const route = (path: string, methods: Readonly<Record<string, Handler>>): Route => ({
    path,
    access: "account",
    refusals: "account",
    methods: Object.fromEntries(
      Object.entries(methods).map(([method, handler]) => [
        method,
        (request: EngineRequest) => handler(context, request),
      ]),
    ),
  });
  return [
    route("/api/v0/endptjobs", { GET: listEndpoints, POST: createEndpoint }),
    route("/api/v0/endptjobs/:id", { GET: showEndpoint, PUT: changeEndpoint, DELETE: removeEndpoint }),
    ...WORKERGROUPS.flatMap((path) => [
      route(path, { GET: listGroups, POST: createGroup }),
      route(`${path}/:id`, { PUT: changeGroup, DELETE: removeGroup }),
    ]),
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

const listGroups: Handler = (context) => done({ results: context.endpoints().groups.map(shownWorkergroup) });

const createGroup: Handler = (context, { body }) => {
  const parsed = workergroupRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const { endpoint_id, endpoint_name, ...settings } = parsed.data;
  const named = endpoint_id ?? endpoint_name;
  if (named === undefined || named === null) return refusal(400, "expected endpoint_id or endpoint_name");
  const endpoint =
    typeof named === "number" ? context.endpoints().byId(named) : context.endpoints().byName(named);
  if (endpoint === undefined) return noSuchEndpoint(named);
  return done({ id: context.endpoints().addGroup(endpoint, settings).id });
};

const changeGroup: Handler = (context, { id, body }) => {
  const group = context.endpoints().groups.find((each) => each.id === id);
  if (group === undefined) return noSuchGroup(id);
  const parsed = workergroupChangeSchema(group).safeParse(body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const { endpoint_id, endpoint_name, ...settings } = parsed.data;
  if (endpoint_id !== group.endpoint_id || endpoint_name !== group.endpoint_name) {
    return refusal(
      400,
      `workergroup ${id} belongs to endpoint ${group.endpoint_id} (${group.endpoint_name}), and cannot be moved`,
    );
  }
  return done({ id, result: shownWorkergroup(context.endpoints().changeGroup(group, settings)) });
};

const removeGroup: Handler = (context, { id }) =>
  context.endpoints().removeGroup(id) ? done({ id }) : noSuchGroup(id);

function withEndpoint(
  context: AccountContext,
  id: number,
  then: (endpoint: ManagedEndpoint) => EngineAnswer,
): EngineAnswer {
  const endpoint = context.endpoints().byId(id);
  return endpoint ? then(endpoint) : noSuchEndpoint(id);
}

const noSuchEndpoint = (endpoint: number | string): EngineAnswer =>
  refusal(400, `no such endpoint: ${endpoint}`);

const noSuchGroup = (id: number): EngineAnswer => refusal(400, `no such workergroup: ${id}`);

const nameTaken = (name: string): EngineAnswer => refusal(400, `there is an endpoint named ${name} already`);

const isOwn = (name: string, done: string): string =>
  `the engine was started with the endpoint ${name}, which cannot be ${done}`;
