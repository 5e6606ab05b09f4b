import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RouteMetrics } from "../../../../src/worker/metrics/route-metrics.js";
import type { HandlerRoute } from "../../../../src/worker/request/admission.js";
import { socketEndpoint } from "../../../../src/worker/request/socket-exchange.js";
import type { RequestHead } from "../../../../src/worker/server/http-server.js";
import { eventually } from "../../../support/eventually.js";
import { RawModel } from "../../../support/raw-model.js";
import { FakeAdmission, FakeClient, socketHandler } from "../../../support/socket-fakes.js";
import { keptLog } from "../../support/kept-log.js";

const ENVELOPE = {
  auth_data: { cost: 1, endpoint: "e", reqnum: 1, request_idx: 1, signature: "s", url: "u" },
  payload: { "a+b": "ü &=?" },
};
const encoded = encodeURIComponent(JSON.stringify(ENVELOPE));

let model: RawModel;
let admission: FakeAdmission;
let route: HandlerRoute;
beforeEach(async () => {
  model = await RawModel.start();
  admission = new FakeAdmission(keptLog().log);
  route = {
    handler: socketHandler(),
    modelServer: { url: `http://127.0.0.1:${model.port}`, headers: {} },
    model: undefined,
    metrics: new RouteMetrics("/ws"),
  };
});
afterEach(() => model.stop());

/** A client that connects. */
function connect(query: string, protocols = "") {
  const client = new FakeClient();
  const request: RequestHead = {
    method: "GET",
    path: "/socket",
    query,
    contentLength: 0,
    header: (name) => (name === "sec-websocket-protocol" ? protocols : "another header"),
    forEachHeader: () => {},
  };
  const sink = socketEndpoint(admission, route).accept(request)(client);
  return { client, sink };
}

/** The requests that the model receives. */
async function asked() {
  await eventually(() => model.requests.length > 0);
  return model.last;
}

test("is at the handler's route, and accepts messages as long as bodies may be", () => {
  expect(socketEndpoint(admission, route)).toMatchObject({
    path: "/ws",
    maxMessageBytes: admission.maxBodyBytes,
  });
});

describe("the query parameter `envelope`", () => {
  test("is the envelope", () => {
    connect(`envelope=${encoded}`);
    expect(admission.admitted).toHaveLength(1);
  });

  test("may be encoded as a form is: a plus for a blank", () => {
    connect(`envelope=${encodeURIComponent(JSON.stringify(ENVELOPE, null, 1)).replaceAll("%20", "+")}`);
    expect(admission.admitted).toHaveLength(1);
  });

  test("may have its name encoded", () => {
    connect(`%65nvelope=${encoded}`);
    expect(admission.admitted).toHaveLength(1);
  });

  test.each([
    ["alone", "envelope=E", ""],
    ["first", "envelope=E&clientId=1", "clientId=1"],
    [
      "between others, whose order and escapes stay",
      "b=%41&envelope=E&a=+%2B&b=2&c&=&d=",
      "b=%41&a=+%2B&b=2&c&=&d=",
    ],
    ["twice: the first counts", "envelope=E&x=1&envelope=2", "x=1"],
    [
      "beside names that are no text, or only begin like it",
      "%ff=1&envelopes=2&envelope=E",
      "%ff=1&envelopes=2",
    ],
    ["beside what a URL would write anew", "envelope=E&q='\"<>^`{|}#[]\\", "q='\"<>^`{|}#[]\\"],
  ])("does not go to the model, all others do: %s", async (_, query, rest) => {
    connect(query.replace("E", encoded));
    expect((await asked()).path).toBe(rest === "" ? "/ws" : `/ws?${rest}`);
  });

  test.each([
    ["empty", "envelope="],
    ["without a value", "envelope"],
    ["no JSON", "envelope=hello"],
    ["no text", "envelope=%ff"],
    ["half an escape", `envelope=${encoded}%`],
  ])("is refused like a body: %s", (_, query) => {
    const { client } = connect(query);
    expect(client.messages).toEqual(['{"error":"invalid JSON"}']);
    expect(client.closed).toEqual({ code: 4422, reason: "invalid JSON" });
    expect(admission.admitted).toEqual([]);
  });
});

describe("without it", () => {
  test("the whole query goes to the model", async () => {
    const { sink } = connect("clientId=1&x");
    sink.onFrame(Buffer.from(JSON.stringify(ENVELOPE)), false);
    expect((await asked()).path).toBe("/ws?clientId=1&x");
  });
});

describe("of the subprotocols", () => {
  test.each([
    ["the first goes to the model", "a.b, c", "a.b"],
    ["none goes to the model where there are none", "", undefined],
    ["what is no token does not", "a b, c", undefined],
  ])("%s", async (_, protocols, offered) => {
    connect(`envelope=${encoded}`, protocols);
    expect((await asked()).headers.get("sec-websocket-protocol")).toBe(offered);
  });
});

test("no header of the client's goes to the model", async () => {
  connect(`envelope=${encoded}`);
  const { headers } = await asked();
  expect([...headers.keys()].sort()).toEqual([
    "connection",
    "host",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
  ]);
});
