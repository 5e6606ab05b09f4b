import { pack } from "msgpackr";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { open, type Reply, read } from "../../../support/http-client.js";
import { chunkBytes, headBytes, LAST_CHUNK, type ModelRequest, plain } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const MIB = 1024 * 1024;
/** Of the worker for bodies that take much memory. */
const BODY_LIMIT = 8 * MIB;

const files = {
  file: { extensions: ["wav", "mp3"], defaultFilename: "audio.wav", filenameField: "filename" },
  image: { extensions: ["png"], defaultFilename: "image.png" },
} as const;

const small = {
  route: "/small",
  allowParallelRequests: true,
  multipart: { files, maxFileBytes: 100, maxTotalBytes: 250, maxFiles: 3 },
} as const;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    config: { maxBodyBytes: 32 * MIB },
    handlers: [
      { route: "/form", allowParallelRequests: true, multipart: { files } },
      small,
      { route: "/parsed", allowParallelRequests: true, multipart: { files }, requestParser: "unwrapInput" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** A form as the model received it: text, or name, type and bytes of files. */
async function formOf({ body, headers }: ModelRequest): Promise<Record<string, unknown[]>> {
  const type = headers.get("content-type") ?? "";
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const fields: Record<string, unknown[]> = {};
  for (const [name, value] of form) {
    fields[name] ??= [];
    fields[name].push(
      value instanceof File
        ? { name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) }
        : value,
    );
  }
  return fields;
}

/** Every byte there is, so that a byte that is changed in transit is detected. */
const ALL_BYTES = Buffer.from(Array.from({ length: 1024 }, (_, index) => (index * 7) % 256));
const base64 = ALL_BYTES.toString("base64");

const packed = (route: string, payload: unknown): Promise<Reply> =>
  fixture.ask(route, {
    body: pack(fixture.envelope(payload)),
    headers: { "content-type": "application/msgpack" },
  });

describe("the model receives a form", () => {
  test("with the file's bytes, name and type, and all other fields as text", async () => {
    const body = fixture.envelope({
      model: "whisper-1",
      temperature: 0.5,
      stream: false,
      file: base64,
      filename: "Grüße & more.mp3",
      timestamp_granularities: ["word", "segment"],
      options: { deep: [1] },
      nothing: null,
      text: 'quotes " and\r\nlines \u{1f600}',
    });
    const reply = await fixture.ask("/form", { body });
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 200, body: "{}" });
    const { last } = fixture.model;
    expect(last.path).toBe("/form");
    expect(last.headers.get("content-type")).toMatch(/^multipart\/form-data; boundary=\S+$/);
    expect(last.headers.get("content-length")).toBe(String(last.body.length));
    expect(await formOf(last)).toEqual({
      model: ["whisper-1"],
      temperature: ["0.5"],
      stream: ["false"],
      file: [{ name: "Grüße & more.mp3", type: "audio/mpeg", bytes: ALL_BYTES }],
      "timestamp_granularities[]": ["word", "segment"],
      options: ['{"deep":[1]}'],
      text: ['quotes " and\r\nlines \u{1f600}'],
    });
    await fixture.expectReported(body, "Success");
  });

  test.each([
    ["base64 without padding", base64.replace(/=+$/, "")],
    ["base64 of the alphabet for URLs", ALL_BYTES.toString("base64url")],
    ["a data: URL", `data:audio/wav;base64,${base64}`],
  ])("with a file written as %s", async (_, file) => {
    expect(await fixture.post("/form", { file })).toMatchObject({ status: 200 });
    expect(await formOf(fixture.model.last)).toEqual({
      file: [{ name: "audio.wav", type: "audio/wav", bytes: ALL_BYTES }],
    });
  });

  test("with several files, each of a list under the field's name with [] behind it", async () => {
    const second = Buffer.from("second");
    const payload = { image: [base64, second.toString("base64")], file: "" };
    expect(await fixture.post("/form", payload)).toMatchObject({ status: 200 });
    expect(await formOf(fixture.model.last)).toEqual({
      "image[]": [ALL_BYTES, second].map((bytes) => ({ name: "image.png", type: "image/png", bytes })),
      file: [{ name: "audio.wav", type: "audio/wav", bytes: Buffer.alloc(0) }],
    });
  });

  test("with bytes from a msgpack envelope as they are, and all digits of an integer", async () => {
    const payload = { file: ALL_BYTES, seed: 2n ** 63n + 1n, list: [1, ALL_BYTES.subarray(0, 3)] };
    expect(await packed("/form", payload)).toMatchObject({ status: 200 });
    const form = await formOf(fixture.model.last);
    expect(form).toMatchObject({
      file: [{ name: "audio.wav", type: "audio/wav", bytes: ALL_BYTES }],
      seed: ["9223372036854775809"],
    });
  });

  test("with a file of 20 MiB", async () => {
    const file = Buffer.alloc(20 * MIB, ALL_BYTES);
    for (const send of [
      () => fixture.post("/form", { file: file.toString("base64") }),
      () => packed("/form", { file }),
    ]) {
      const before = fixture.model.requests.length;
      expect(await send()).toMatchObject({ status: 200 });
      expect(fixture.model.requests).toHaveLength(before + 1);
      // The form around it is that of the other tests, and parsing one of this size takes seconds.
      const { body } = fixture.model.last;
      const at = body.indexOf("\r\n\r\n") + 4;
      expect(body.subarray(at, at + file.length).equals(file)).toBe(true);
      expect(body.subarray(at + file.length, at + file.length + 4).toString()).toBe("\r\n--");
    }
  });

  test("with what the requestParser made of the payload", async () => {
    expect(await fixture.post("/parsed", { input: { file: base64, model: "m" } })).toMatchObject({
      status: 200,
    });
    expect(await formOf(fixture.model.last)).toMatchObject({ model: ["m"], file: [{ bytes: ALL_BYTES }] });
    const refused = await fixture.post("/parsed", { input: { file: "!" } });
    expect({ status: refused.status, body: refused.json() }).toEqual({
      status: 422,
      body: { payload: { file: "must be base64 text, a base64 data: URL or bytes" } },
    });
  });
});

test("the model's stream is passed on piece by piece", async () => {
  let finish: () => void = () => {};
  fixture.model.on("/form", ({ socket }) => {
    socket.write(headBytes(200, ["content-type", "text/event-stream", "transfer-encoding", "chunked"]));
    socket.write(chunkBytes("data: 1\n\n"));
    finish = () => socket.write(Buffer.concat([chunkBytes("data: 2\n\n"), Buffer.from(LAST_CHUNK)]));
  });
  const answer = await open(`${fixture.worker.url}/form`, { body: fixture.envelope({ file: base64 }) });
  answer.once("data", () => finish());
  const reply = await read(answer);
  expect({ body: reply.body.toString(), complete: reply.complete }).toEqual({
    body: "data: 1\n\ndata: 2\n\n",
    complete: true,
  });
  fixture.model.on("/form", plain({ body: "{}" }));
});

/** Sends a request that is refused; the model must not receive it. */
async function refusal(reply: () => Promise<Reply>, { model } = fixture): Promise<unknown> {
  const before = model.requests.length;
  const { status, headers, json } = await reply();
  expect(model.requests.length).toBe(before);
  expect({ status, type: headers["content-type"] }).toEqual({ status: 422, type: "application/json" });
  return (json() as { readonly payload: unknown }).payload;
}

describe("refused with 422 that names the field is", () => {
  const bytes = (length: number): string => Buffer.alloc(length, 1).toString("base64");
  const NO_FILE = "must be base64 text, a base64 data: URL or bytes";
  const NO_NAME = "must be a plain file name, without a path, quotes, escapes or control characters";

  test.each<[string, object, object]>([
    ["a file over its limit", { file: bytes(101) }, { file: "must be at most 100 bytes, got 101" }],
    [
      "a sum over its limit",
      { file: bytes(90), image: [bytes(90), bytes(90)] },
      { image: "must be at most 250 bytes in all files, got 270" },
    ],
    ["one file too many", { image: ["", "", "", ""] }, { image: "must be at most 3 files in all, got 4" }],
    ["text that is no base64", { file: "no base64!" }, { file: NO_FILE }],
    ["a number", { file: 5 }, { file: NO_FILE }],
    ["an object", { file: { data: "aGk=" } }, { file: NO_FILE }],
    ["one of a list", { image: ["aGk=", "*"] }, { image: `[1] ${NO_FILE}` }],
    ["another extension", { file: "aGk=", filename: "run.exe" }, { filename: "must end in .wav, .mp3" }],
    ["a name without one", { file: "aGk=", filename: "wav" }, { filename: "must end in .wav, .mp3" }],
    ["a name with a path", { file: "aGk=", filename: "../../etc/x.wav" }, { filename: NO_NAME }],
    ["a name with a Windows path", { file: "aGk=", filename: "c:\\x.wav" }, { filename: NO_NAME }],
    ["a name with a line break", { file: "aGk=", filename: "a\r\nX: y.wav" }, { filename: NO_NAME }],
    ["a name with a quote", { file: "aGk=", filename: 'a"; name="b.wav' }, { filename: NO_NAME }],
    ["a name with a NUL", { file: "aGk=", filename: "a\0.wav" }, { filename: NO_NAME }],
    ["a hidden name", { file: "aGk=", filename: ".wav" }, { filename: NO_NAME }],
    ["a name that is no text", { file: "aGk=", filename: 5 }, { filename: "must be a string" }],
    [
      "all of it at once",
      { file: "*", filename: "x.exe", image: bytes(200) },
      { file: NO_FILE, filename: "must end in .wav, .mp3", image: "must be at most 100 bytes, got 200" },
    ],
  ])("%s", async (_, payload, faults) => {
    expect(await refusal(() => fixture.ask("/small", { body: fixture.envelope(payload) }))).toEqual(faults);
    expect(await refusal(() => packed("/small", payload))).toEqual(faults);
  });

  test("bytes over the limit in msgpack", async () => {
    expect(await refusal(() => packed("/small", { file: Buffer.alloc(101) }))).toEqual({
      file: "must be at most 100 bytes, got 101",
    });
  });

  test("a file over 25 MiB, by default", async () => {
    const file = Buffer.alloc(25 * MIB + 1);
    expect(await refusal(() => packed("/form", { file }))).toEqual({
      file: `must be at most ${25 * MIB} bytes, got ${file.length}`,
    });
  });
});

describe("with a small limit of the body", () => {
  let own: WorkerFixture;
  beforeAll(async () => {
    own = await WorkerFixture.start({
      measures: true,
      config: { maxBodyBytes: BODY_LIMIT },
      handlers: [
        {
          route: "/form",
          multipart: { files },
          benchmarkConfig: { dataset: [{ file: base64, model: "m" }], runs: 2 },
        },
        small,
      ],
    });
  });
  afterEach(() => own.expectServing());
  afterAll(() => own.stop());

  test("the benchmark of a multipart handler sends forms", async () => {
    // The warm-up and two rounds.
    const requests = own.model.requests.filter(({ path }) => path === "/form");
    expect(requests).toHaveLength(3);
    for (const request of requests) {
      expect(await formOf(request)).toEqual({
        file: [{ name: "audio.wav", type: "audio/wav", bytes: ALL_BYTES }],
        model: ["m"],
      });
    }
    await eventually(() => expect(own.engine.reports.at(-1)?.max_perf).toBeGreaterThan(0));
  });

  const many = (item: string): string =>
    `[${`${item},`.repeat(Math.floor((BODY_LIMIT - 1000) / (item.length + 1)) - 1)}${item}]`;
  test.each<[string, () => string]>([
    ["one file", () => `{"file":"${"A".repeat(BODY_LIMIT - 1000)}"}`],
    ["one file that is no base64", () => `{"file":"${"!".repeat(BODY_LIMIT - 1000)}"}`],
    ["a name", () => `{"file":"","filename":"${"a".repeat(BODY_LIMIT - 1000)}"}`],
    ["empty files", () => `{"image":${many('""')}}`],
    ["text items", () => `{"list":${many("1")}}`],
    ["text fields", () => `{${Array.from({ length: 700_000 }, (_, n) => `"k${n}":1`).join()}}`],
    ["a field's name", () => `{"${"k".repeat(BODY_LIMIT / 2)}":[1,1,1]}`],
  ])(
    "a body near it of %s is refused, the memory stays bounded, and the worker serves on",
    async (_, payload) => {
      const body = own.envelopeBytes(payload());
      expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
      const before = await own.worker.memory();
      let peak = 0;
      const watching = setInterval(async () => {
        peak = Math.max(peak, await own.worker.memory());
      }, 20);
      const errors = await refusal(() => own.ask("/small", { body }), own);
      clearInterval(watching);
      expect(Object.keys(errors as object)).toHaveLength(1);
      expect(JSON.stringify(errors).length).toBeLessThan(1000);
      // 32 bytes for each byte of the body.
      expect((peak - before) / MIB).toBeLessThan(256);
    },
  );
});
