import type { Endpoints } from "../endpoints/endpoints.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import { endpointChangeSchema, endpointRequestSchema, wireEndpoint } from "../state/endpoint-record.js";
import { workergroupRequestSchema } from "../workers/workergroup.js";
import { type EngineAnswer, type EngineRequest, refusal } from "./exchange.js";
import { faults } from "./faults.js";
import type { Route } from "./router.js";

/** What the web calls need of the engine. */
export interface WebDesk {
  /** The name of the endpoint that the engine was started with, which is there to stay. */
  readonly ownEndpoint: string;
  endpoints(): Endpoints;
}

type Handler = (desk: WebDesk, request: EngineRequest) => EngineAnswer;

const done = (more: object = {}): EngineAnswer => ({ status: 200, body: { success: true, ...more } });

/** The calls by which endpoints and workergroups are managed, with the account's key. */
export function webRoutes(desk: WebDesk): readonly Route[] {
  const to =
    (handler: Handler) =>
    (request: EngineRequest): EngineAnswer =>
      handler(desk, request);
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

const listEndpoints: Handler = (desk) =>
  done({ results: desk.endpoints().all.map(({ record }) => wireEndpoint(record)) });

const createEndpoint: Handler = (desk, { body }) => {
  const parsed = endpointRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  if (desk.endpoints().byName(parsed.data.name)) return nameTaken(parsed.data.name);
  return done({ result: desk.endpoints().create(parsed.data).record.id });
};

const showEndpoint: Handler = (desk, { id }) =>
  withEndpoint(desk, id, ({ record }) => done({ result: wireEndpoint(record) }));

const changeEndpoint: Handler = (desk, { id, body }) =>
  withEndpoint(desk, id, (endpoint) => {
    const parsed = endpointChangeSchema(endpoint.record).safeParse(body);
    if (!parsed.success) return refusal(400, faults(parsed.error));
    const { name } = parsed.data;
    const { name: oldName } = endpoint.record;
    if (name !== oldName && desk.endpoints().byName(name)) return nameTaken(name);
    if (name !== oldName && oldName === desk.ownEndpoint) return refusal(400, isOwn(oldName, "renamed"));
    desk.endpoints().change(endpoint, parsed.data);
    return done({ result: wireEndpoint(endpoint.record) });
  });

const removeEndpoint: Handler = (desk, { id }) =>
  withEndpoint(desk, id, (endpoint) => {
    const { name } = endpoint.record;
    if (name === desk.ownEndpoint) return refusal(400, isOwn(name, "removed"));
    // Its workers take their time; what goes wrong then is told by notices.
    void desk.endpoints().remove(endpoint);
    return done({ result: id });
  });

const listGroups: Handler = (desk) => done({ results: desk.endpoints().groups });

const createGroup: Handler = (desk, { body }) => {
  const parsed = workergroupRequestSchema.safeParse(body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const { endpoint_id, endpoint_name, ...wish } = parsed.data;
  const named = endpoint_id ?? endpoint_name;
  if (named === undefined || named === null) return refusal(400, "expected endpoint_id or endpoint_name");
  const endpoint = typeof named === "number" ? desk.endpoints().byId(named) : desk.endpoints().byName(named);
  if (endpoint === undefined) return noSuch(named);
  return done({ id: desk.endpoints().addGroup(endpoint, wish).id });
};

const removeGroup: Handler = (desk, { id }) =>
  desk.endpoints().removeGroup(id) ? done({ id }) : refusal(400, `no such workergroup: ${id}`);

function withEndpoint(
  desk: WebDesk,
  id: number,
  then: (endpoint: ManagedEndpoint) => EngineAnswer,
): EngineAnswer {
  const endpoint = desk.endpoints().byId(id);
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
