import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { headBytes, type ModelRequest, plain } from "../../../support/raw-model.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const parallel = { allowParallelRequests: true, maxQueueTime: null } as const;
const picture = {
  modelRoute: "/runsync",
  requestParser: "picture",
  workloadCalculator: "ofPicture",
  generatePayloadJson: "ofPicture",
} as const;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    measures: true,
    handlers: [
      {
        ...parallel,
        ...picture,
        route: "/prompt",
        benchmarkConfig: { generator: "picture", runs: 1, concurrency: null, doWarmup: false },
      },
      { ...parallel, route: "/custom-workflow", modelRoute: "/runsync", forwardQuery: true },
      { ...picture, route: "/serial", maxQueueTime: null },
      { ...parallel, route: "/form", modelRoute: "/v1/audio:transcribe", generatePayloadMultipart: "form" },
      { ...parallel, route: "/either", generatePayloadMultipart: "form", generatePayloadJson: "wrapped" },
      ...(["wrapped", "refuses", "throws", "later", "outOfRange"] as const).map((generatePayloadJson) => ({
        ...parallel,
        route: `/${generatePayloadJson}`,
        generatePayloadJson,
      })),
      ...(["badType", "bytes", "blob", "base64"] as const).map((generatePayloadMultipart) => ({
        ...parallel,
        route: `/${generatePayloadMultipart}`,
        generatePayloadMultipart,
      })),
      { ...parallel, route: "/envelope", responseGenerator: "returnsEnvelope" },
      { ...parallel, route: "/chat", modelRoute: "/v1/messages", sseKeepAliveMs: 10_000 },
      { ...parallel, route: "/ws", modelRoute: "/v1/realtime:connect", websocket: true },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** The requests that the model got at a path. */
const at = (path: string): readonly ModelRequest[] =>
  fixture.model.requests.filter((request) => request.path === path);

const json = ({ body }: ModelRequest): unknown => JSON.parse(body.toString());

describe("modelRoute", () => {
  test("is where the benchmark is measured; a concurrency of null is 10", () => {
    const [first, ...rest] = at("/runsync").slice(0, 10);
    expect(rest).toHaveLength(9);
    expect(first && json(first)).toMatchObject({ input: { workflow: { text: "a lighthouse", steps: 28 } } });
    expect(fixture.worker.lines.filter(({ msg }) => msg === "benchmark round")).toMatchObject([
      { requests: 10 },
    ]);
    expect(at("/prompt")).toEqual([]);
  });

  test("takes the requests of several routes, each with its own query and payload", async () => {
    fixture.model.on("/runsync", plain({ status: 201, body: "done" }));
    fixture.model.on("/runsync?a=1", plain({ body: "with a query" }));
    const [prompt, custom] = [
      await fixture.post("/prompt", { prompt: "a cat", steps: 3 }),
      await fixture.post("/custom-workflow?a=1", { n: [1] }),
    ];
    expect([prompt.status, prompt.body.toString()]).toEqual([201, "done"]);
    expect(custom.body.toString()).toBe("with a query");
    expect(json(fixture.model.last)).toEqual({ n: [1] });
    expect(await fixture.post("/runsync")).toMatchObject({ status: 404 });
  });

  test("is where WebSockets go", async () => {
    const model = new SocketModel();
    fixture.model.on("/v1/realtime:connect", model.accept);
    const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
    client.send(JSON.stringify(fixture.envelope()));
    const end = await model.accepted();
    client.send("hello");
    expect(await end.receives(1)).toEqual(["hello"]);
    client.socket.close(1000);
    await client.isClosed();
  });

  test("names the format of errors in a stream", async () => {
    fixture.model.on("/v1/messages", plain({ status: 400, body: "{}" }));
    const reply = await fixture.post("/chat", { stream: true });
    expect(reply.status).toBe(400);
  });
});

describe("a payload that weighs before it expands", () => {
  test("is weighed, and what it makes is sent with the digits of its numbers", async () => {
    let release: () => void = () => {};
    fixture.model.on("/runsync", ({ socket }) => {
      release = () => void socket.write(headBytes(200, ["content-length", "0"]));
    });
    const asked = at("/runsync").length;
    const reply = fixture.post("/prompt", { prompt: "a dog", steps: 7 });
    await eventually(() => expect(at("/runsync").length).toBe(asked + 1));
    expect(fixture.model.last.body.toString()).toBe(
      '{"input":{"workflow":{"text":"a dog","steps":7,"seed":1152921504606846976}}}',
    );
    await eventually(() => expect(fixture.engine.reports.at(-1)?.cur_load).toBe(70));
    release();
    expect(await reply).toMatchObject({ status: 200 });
  });

  test("is expanded when the request leaves its queue, and not at all when the client has left", async () => {
    const expanded = (): readonly unknown[] =>
      fixture.worker.lines.flatMap(({ msg, prompt }) => (msg === "expanded" ? [prompt] : []));
    let release: () => void = () => {};
    fixture.model.on("/runsync", ({ socket }) => {
      release = () => void socket.write(headBytes(200, ["content-length", "0"]));
    });
    const asked = at("/runsync").length;
    const first = fixture.post("/serial", { prompt: "first", steps: 1 });
    await eventually(() => expect(at("/runsync").length).toBe(asked + 1));
    const leaving = new AbortController();
    const sent = fixture.envelope({ prompt: "left", steps: 1 });
    const left = fetch(`${fixture.worker.url}/serial`, {
      method: "POST",
      body: JSON.stringify(sent),
      signal: leaving.signal,
    }).catch(() => undefined);
    const third = fixture.post("/serial", { prompt: "third", steps: 1 });
    await eventually(() => expect(fixture.engine.reports.at(-1)?.num_requests_working).toBe(3));
    leaving.abort();
    await left;
    await fixture.expectReported(sent, "Cancelled");
    expect(expanded()).not.toContain("third");
    release();
    await first;
    await eventually(() => expect(at("/runsync").length).toBe(asked + 2));
    release();
    expect(await third).toMatchObject({ status: 200 });
    await eventually(() => expect(expanded().filter((each) => each === "third")).toHaveLength(1));
    expect(expanded()).not.toContain("left");
  });

  test("that its parser refuses is answered 422, before its turn", async () => {
    const reply = await fixture.post("/serial", { steps: 1 });
    expect([reply.status, reply.json()]).toEqual([422, { payload: { prompt: "must be a string" } }]);
  });

  test("that is refused while it expands is answered 422, and any other error 500; both count as errors", async () => {
    const refused = fixture.envelope({});
    const reply = await fixture.ask("/refuses", { body: refused });
    expect([reply.status, reply.json()]).toEqual([422, { payload: { prompt: "has too many words" } }]);
    await fixture.expectReported(refused, "Error");
    const asked = fixture.model.requests.length;
    for (const route of ["/throws", "/later", "/outOfRange", "/badType", "/bytes", "/blob", "/base64"]) {
      const sent = fixture.envelope({});
      const failed = await fixture.ask(route, { body: sent });
      expect([failed.status, failed.json()]).toEqual([500, { error: "the worker's own code failed" }]);
      await fixture.expectReported(sent, "Error");
    }
    const reported = () => fixture.worker.lines.filter(({ msg }) => msg.endsWith(" threw"));
    await eventually(() =>
      expect(reported()).toMatchObject([
        { msg: "generatePayloadJson threw", route: "/throws", err: { message: "the template is missing" } },
        {
          msg: "generatePayloadJson threw",
          err: { message: "expected it to return an object, got a Promise" },
        },
        { msg: "generatePayloadJson threw", route: "/outOfRange", err: { type: "RangeError" } },
        { msg: "generatePayloadMultipart threw", err: { message: expect.stringContaining("contentType") } },
        ...["a Uint8Array", "a File", "another filename or content"].map((got) => ({
          msg: "generatePayloadMultipart threw",
          err: {
            message: `file: expected a file as { filename, content } with a Uint8Array, got ${got}`,
          },
        })),
      ]),
    );
    expect(fixture.model.requests.length).toBe(asked);
  });
});

test("a payload that is nested too deeply to be written is answered 422", async () => {
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const reply = await fixture.ask("/wrapped", { body: fixture.envelopeBytes(`{"a":${deep}}`) });
  expect([reply.status, reply.json()]).toEqual([422, { payload: { data: expect.any(String) } }]);
});

describe("generatePayloadMultipart", () => {
  const form = {
    text: "ü",
    flag: true,
    none: null,
    list: ["a", 2],
    object: { a: [1] },
    name: 'a"b.wav',
    bytes: Buffer.from([0, 255, 13, 10, 45]).toString("base64"),
  };

  test("makes a form: texts, lists under the same name, objects as JSON, files with name and type", async () => {
    expect(await fixture.post("/form", form)).toMatchObject({ status: 200 });
    const { path, body, headers } = fixture.model.last;
    expect(path).toBe("/v1/audio:transcribe");
    const sent = await new Response(body, {
      headers: { "content-type": headers.get("content-type") ?? "" },
    }).formData();
    expect(sent.get("text")).toBe("ü");
    expect(sent.get("flag")).toBe("true");
    expect(sent.has("none")).toBe(false);
    expect(sent.getAll("list")).toEqual(["a", "2"]);
    expect(sent.get("object")).toBe('{"a":[1]}');
    const file = sent.get("file") as File;
    expect([file.name, file.type]).toEqual(['a"b.wav', "audio/wav"]);
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([0, 255, 13, 10, 45]);
    const files = sent.getAll("files") as File[];
    expect(files.map(({ name, type }) => `${name} ${type}`)).toEqual(["1.bin x/y", "2.bin x/y"]);
  });

  test("that returns null leaves it to generatePayloadJson, or to the payload itself", async () => {
    await fixture.post("/either", { form: false });
    expect(json(fixture.model.last)).toEqual({ json: { form: false } });
    await fixture.post("/form", { form: false });
    expect(json(fixture.model.last)).toEqual({ form: false });
  });
});

describe("a responseGenerator", () => {
  test("reads the client's envelope, and status and headers of the model's answer", async () => {
    fixture.model.on("/envelope", plain({ status: 203, headers: ["x-kind", "a"], body: "from the model" }));
    for (const size of [1, 300_000]) {
      const payload = { text: "x".repeat(size), n: 1 };
      const reply = await fixture.post("/envelope", payload);
      expect(reply.status).toBe(203);
      expect(reply.json()).toEqual({ payload, model: "from the model", type: "a" });
    }
  });
});
