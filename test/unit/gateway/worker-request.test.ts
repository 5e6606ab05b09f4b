import { describe, expect, test } from "vitest";
import { deadlineOf, envelopeOf, WorkerRequest } from "../../../src/gateway/worker-request.js";
import { Workers } from "../../../src/gateway/workers.js";
import type { AuthData } from "../../../src/shared/wire.js";
import { headFault } from "../../../src/worker/request/plain-head.js";
import { requestIdOf } from "../../../src/worker/request/request-id.js";
import type { RequestHead } from "../../../src/worker/server/http-server.js";

const headOf = (headers: Readonly<Record<string, string>> = {}, query = ""): RequestHead => ({
  method: "POST",
  path: "/v1/completions",
  query,
  contentLength: 2,
  header: (name) => headers[name] ?? "",
  forEachHeader: () => {},
});

async function sentTo(url: string, head: RequestHead, path = "/v1/completions", leftMs?: number) {
  const connections = await new Workers({ none: true }).at(url);
  return new WorkerRequest(head, path, "id-1", 5).headFor(connections, leftMs).split("\r\n");
}

describe("the head of a request for a worker", () => {
  test("has the worker's host, the request's id, and no header of the client that is not meant for it", async () => {
    const headers = { authorization: "Bearer sk-1", cookie: "a=b", traceparent: "a b" };
    expect(await sentTo("http://10.0.0.7:3000", headOf(headers))).toEqual([
      "POST /v1/completions HTTP/1.1",
      "host: 10.0.0.7:3000",
      "accept: */*",
      "x-request-id: id-1",
      "content-type: application/json",
      "",
    ]);
  });

  test("has the client's trace and bounded priority, and what is left of its deadline", async () => {
    const headers = { "x-priority": "9", traceparent: "00-ab-cd-01", "x-deadline-ms": "500" };
    expect(await sentTo("http://10.0.0.7:3000", headOf(headers), "/v1/completions", 123.4)).toEqual(
      expect.arrayContaining(["x-priority: 5", "traceparent: 00-ab-cd-01", "x-deadline-ms: 123"]),
    );
  });

  test("has the path below that of the worker, escaped, and the query without a key", async () => {
    const [line] = await sentTo("http://10.0.0.7/base/", headOf({}, "api_key=sk-1&a=ü"), "/v1/ü x");
    expect(line).toBe("POST /base/v1/%C3%BC%20x?a=%C3%BC HTTP/1.1");
  });
});

test.each([
  ["abc-1", "abc-1"],
  ["", undefined],
  ["a b", undefined],
  ["x".repeat(129), undefined],
])("the request id %j is kept where it is fit", (given, kept) => {
  expect(requestIdOf(headOf({ "x-request-id": given }))).toBe(kept);
});

test.each([
  ["250", 250],
  ["0", 1],
  ["", undefined],
])("the deadline %j is %j ms", (given, expected) => {
  expect(deadlineOf(headOf({ "x-deadline-ms": given }))).toBe(expected);
});

test.each([
  [{ "x-deadline-ms": "-1" }, "x-deadline-ms"],
  [{ "x-deadline-ms": "1.5" }, "x-deadline-ms"],
  [{ "x-priority": "10" }, "x-priority"],
  [{ "x-request-id": "a b" }, "x-request-id"],
])("%j cannot be understood", (headers, name) => {
  expect(headFault(headOf(headers))).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining(name) },
  });
});

test("headers that are absent or fit are understood", () => {
  expect(headFault(headOf())).toBeUndefined();
  expect(headFault(headOf({ "x-priority": "0", "x-request-id": "a", "x-deadline-ms": "9" }))).toBeUndefined();
});

test.each([10, 100_000])("an envelope has the payload of %i bytes as it came", (length) => {
  const authData: AuthData = {
    cost: 1,
    endpoint: "e",
    reqnum: 1,
    request_idx: 1,
    signature: "s",
    url: "http://10.0.0.7",
  };
  const json = Buffer.from(`{ "n": 1.0, "text": "${"x".repeat(length)}" }`);
  const envelope = Buffer.concat([envelopeOf(authData, json)].flat()).toString();
  expect(envelope).toBe(`{"auth_data":${JSON.stringify(authData)},"payload":${json}}`);
});
