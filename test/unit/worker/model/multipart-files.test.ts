import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../src/shared/errors.js";
import type { Payload } from "../../../../src/shared/wire.js";
import { multipartBody } from "../../../../src/worker/model/multipart.js";
import { seededRandom } from "../../../machines/support/seeded-random.js";
import { formOf, valuesOf } from "../../support/form-of.js";

const CONFIG = {
  files: { file: { extensions: ["wav"], defaultFilename: "audio.wav" } },
  maxFileBytes: 1_000_000,
  maxTotalBytes: 1_000_000,
  maxFiles: 10,
};

const filesOf = async (file: unknown): Promise<[field: string, contents: unknown[]]> => {
  const form = await formOf(multipartBody({ file }, CONFIG));
  const [field = "none"] = form.keys();
  return [field, (await valuesOf(form, field)).map((value) => (Array.isArray(value) ? value[2] : value))];
};

const errorsOf = (payload: Payload): unknown => {
  try {
    multipartBody(payload, CONFIG);
    return undefined;
  } catch (error) {
    if (error instanceof PayloadError) return error.fields;
    throw error;
  }
};

describe("a file", () => {
  test.each<[string, unknown, string]>([
    ["base64 text", "aGVsbG8gdGhlcmU=", "hello there"],
    ["base64 text of two paddings", "aGVsbG8gdGhlcg==", "hello ther"],
    ["base64 text without its padding", "aGVsbG8gdGhlcg", "hello ther"],
    ["base64 text in the standard alphabet", "+/+/", "\xfb\xff\xbf"],
    ["base64 text in the alphabet for URLs", "-_-_", "\xfb\xff\xbf"],
    ["a data: URL", "data:audio/wav;base64,aGk=", "hi"],
    ["a data: URL with parameters", "DATA:audio/wav;codec=1;BASE64,aGk", "hi"],
    ["a data: URL without a media type", "data:;base64,aGk=", "hi"],
    ["bytes", Buffer.from("hi\r\n--\0\xff", "latin1"), "hi\r\n--\0\xff"],
    ["an array of bytes", new Uint8Array([104, 105]), "hi"],
    ["no text at all", "", ""],
    ["no bytes at all", Buffer.alloc(0), ""],
  ])("may be %s", async (_, value, content) => {
    expect(await filesOf(value)).toEqual(["file", [content]]);
  });

  test("may be a list, and is sent under the field's name with brackets", async () => {
    expect(await filesOf(["aGk=", Buffer.from("you"), "data:;base64,aGk"])).toEqual([
      "file[]",
      ["hi", "you", "hi"],
    ]);
    expect(await filesOf(["aGk="])).toEqual(["file[]", ["hi"]]);
  });

  test("may be a list whose parts have the name that the configuration gives them", async () => {
    const files = { file: { ...CONFIG.files.file, listName: "file" } };
    const form = await formOf(multipartBody({ file: ["aGk=", "eW91"] }, { ...CONFIG, files }));
    expect([...form.keys()]).toEqual(["file", "file"]);
  });

  test.each([[null], [undefined], [[]]])("that is %j is not sent", async (value) => {
    const form = await formOf(multipartBody({ file: value, model: "m" }, CONFIG));
    expect([...form.keys()]).toEqual(["model"]);
  });

  test("of any bytes arrives as it was, however it is written", async () => {
    const random = seededRandom(3);
    for (let round = 0; round < 100; round++) {
      const bytes = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
      const content = bytes.toString("latin1");
      const base64 = bytes.toString("base64");
      expect(await filesOf([base64, base64.replace(/=+$/, ""), bytes.toString("base64url"), bytes])).toEqual([
        "file[]",
        [content, content, content, content],
      ]);
    }
  });
});

describe("what is no file is refused", () => {
  const fault = "must be base64 text, a base64 data: URL or bytes";

  test.each<[string, unknown]>([
    ["whitespace", "aGVs bG8="],
    ["a line break", "aGVsbG8=\n"],
    ["whitespace alone", " "],
    ["other characters", "aGVs!G8="],
    ["characters beyond Latin-1 whose low byte is a letter", "aGV\u0173"],
    ["padding within", "aGk=aGk="],
    ["too much padding", "aGVsbG8=="],
    ["too little padding", "aGVsbA="],
    ["padding alone", "===="],
    ["a digit too many", "aGVsb"],
    ["a URL", "https://203.0.113.7/a.wav"],
    ["a data: URL that is not base64", "data:text/plain,hello"],
    ["a data: URL without content", "data:audio/wav;base64"],
    ["a data: URL with garbage", "data:audio/wav;base64,a!=="],
    ["a data: URL in a data: URL", "data:;base64,data:;base64,aGk="],
    ["a number", 5],
    ["true", true],
    ["an object", { data: "aGk=" }],
  ])("%s", (_, value) => {
    expect(errorsOf({ file: value })).toEqual({ file: fault });
    expect(errorsOf({ file: ["aGk=", value] })).toEqual({ file: `[1] ${fault}` });
  });

  test("nothing, in a list", () => {
    expect(errorsOf({ file: [null] })).toEqual({ file: `[0] ${fault}` });
    expect(errorsOf({ file: [["aGk="]] })).toEqual({ file: `[0] ${fault}` });
  });
});
