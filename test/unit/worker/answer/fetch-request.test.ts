import { describe, expect, test } from "vitest";
import { lateRequestOf, requestOf } from "../../../../src/worker/answer/fetch-request.js";
import type { RequestHead } from "../../../../src/worker/server/http-server.js";

const headers: readonly (readonly [string, string])[] = [
  ["host", "worker:3000"],
  ["content-type", "application/json"],
  ["bad name", "left out"],
];

const head: RequestHead = {
  method: "POST",
  path: "/generate",
  query: "a=1",
  contentLength: 9,
  header: (name) => headers.find(([each]) => each === name)?.[1] ?? "",
  forEachHeader: (visit) => {
    for (const [name, value] of headers) visit(name, value);
  },
};

const parts = ['{"a":', "[1]}"].map((text) => Buffer.from(text));

describe.each([
  ["a request", () => requestOf("/go", head, new AbortController().signal)(parts)],
  ["a request whose body is made late", () => lateRequestOf("/go", head)(parts)],
])("%s", (_, make) => {
  test("has method, URL and headers", () => {
    const request = make();
    expect(request).toBeInstanceOf(Request);
    expect([request.method, request.url]).toEqual(["POST", "http://worker:3000/go?a=1"]);
    expect([...request.headers.keys()]).toEqual(["content-type", "host"]);
  });

  test("has a body that is read once, in any way", async () => {
    expect(make().bodyUsed).toBe(false);
    expect(await make().json()).toEqual({ a: [1] });
    expect(await make().text()).toBe('{"a":[1]}');
    expect((await make().arrayBuffer()).byteLength).toBe(9);
    expect((await make().blob()).size).toBe(9);
    const request = make();
    const copy = request.clone();
    expect(await request.text()).toBe(await copy.text());
    expect(request.bodyUsed).toBe(true);
    await expect(request.text()).rejects.toThrow(TypeError);
    let text = "";
    for await (const piece of make().body ?? []) text += Buffer.from(piece).toString();
    expect(text).toBe('{"a":[1]}');
  });

  test("may be sent on by its parts", async () => {
    const other = new Request("http://other/there", make());
    expect([other.method, other.url, await other.text()]).toEqual([
      "POST",
      "http://other/there",
      '{"a":[1]}',
    ]);
  });

  test("does not lend the memory of the worker", async () => {
    const { value } = (await make().body?.getReader().read()) ?? {};
    value?.fill(0);
    expect(parts[0]?.toString()).toBe('{"a":');
  });
});

test("a GET has no body, and a host that is none is replaced", () => {
  const strange = { ...head, method: "GET", header: () => "a b/c" };
  const request = requestOf("/go", strange, new AbortController().signal)(parts);
  expect(request.body).toBeNull();
  expect(request.url).toBe("http://localhost/go?a=1");
});
