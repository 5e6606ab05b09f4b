import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../../src/shared/errors.js";
import type { Handler } from "../../../../../src/worker/config/config-schema.js";
import { read } from "./support/read.js";

const AUTH = { cost: "1", endpoint: "e", reqnum: 1, request_idx: 2, signature: "s", url: "u" };

const MULTIPART: NonNullable<Handler["multipart"]> = {
  files: { file: { extensions: ["wav"], defaultFilename: "audio.wav", filenameField: "filename" } },
  maxFileBytes: 10,
  maxTotalBytes: 10,
  maxFiles: 1,
};

const parse = (envelope: unknown, requestParser?: NonNullable<Handler["requestParser"]>) =>
  read(Buffer.from(JSON.stringify(envelope)), {
    multipart: MULTIPART,
    ...(requestParser && { requestParser }),
  });

async function formOf(result: ReturnType<typeof parse>): Promise<FormData> {
  if (result?.kind !== "envelope") throw new Error(`expected an envelope, got ${JSON.stringify(result)}`);
  const { body, contentType } = result;
  return new Response(body, { headers: { "content-type": contentType } }).formData();
}

describe("a multipart handler", () => {
  test("sends the payload as a form", async () => {
    const form = await formOf(parse({ auth_data: AUTH, payload: { file: "aGk=", model: "m" } }));
    const file = form.get("file");
    expect(file instanceof File && (await file.text())).toBe("hi");
    expect(form.get("model")).toBe("m");
  });

  test("sends what the requestParser made of the payload", async () => {
    const requestParser = ({ audio }: Record<string, unknown>) => ({ file: audio, model: "other" });
    const form = await formOf(parse({ auth_data: AUTH, payload: { audio: "aGk=" } }, requestParser));
    const file = form.get("file");
    expect(file instanceof File && (await file.text())).toBe("hi");
    expect(form.get("model")).toBe("other");
  });

  test("reports all errors of the files", () => {
    const payload = { file: "no base64", filename: "a.exe" };
    expect(parse({ auth_data: AUTH, payload })).toEqual({
      kind: "invalid-fields",
      errors: {
        payload: {
          file: "must be base64 text, a base64 data: URL or bytes",
          filename: "must end in .wav",
        },
      },
    });
  });

  test("runs the requestParser first", () => {
    const requestParser = () => {
      throw new PayloadError({ model: "unknown" });
    };
    expect(parse({ auth_data: AUTH, payload: { file: "no base64" } }, requestParser)).toEqual({
      kind: "invalid-fields",
      errors: { payload: { model: "unknown" } },
    });
  });

  test("answers a payload that is nested too deeply like one that is sent as JSON", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const body = Buffer.from(`{"auth_data":${JSON.stringify(AUTH)},"payload":{"deep":${deep}}}`);
    expect(read(body, { multipart: MULTIPART })?.kind).toBe("invalid-fields");
  });
});
