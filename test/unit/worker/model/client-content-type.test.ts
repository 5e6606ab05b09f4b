import { afterEach, beforeEach, expect, test } from "vitest";
import { RawModel } from "../../../support/raw-model.js";
import { Listener, LoneClient } from "./support/listener.js";

let model: RawModel;
let client: LoneClient;

beforeEach(async () => {
  model = await RawModel.start();
  client = new LoneClient(`http://127.0.0.1:${model.port}/base`);
});

afterEach(async () => {
  client.close();
  await model.stop();
});

const MULTIPART = "multipart/form-data; boundary=abc";

/** The first line of a request's head and its content type, as they arrived. */
const sent = (path: string, contentType?: string): Promise<unknown> =>
  new Promise((resolve) => {
    const listener = new Listener({
      onEnd: () => resolve([model.last.path, /^content-type: (.*)$/m.exec(model.last.head)?.[1]?.trim()]),
    });
    client.post(path, "{}", listener, contentType);
  });

test("a body is sent as what it is, by default JSON", async () => {
  for (const _ of ["first", "from what was kept"]) {
    expect(await sent("/a")).toEqual(["/base/a", "application/json"]);
    expect(await sent("/a", MULTIPART)).toEqual(["/base/a", MULTIPART]);
    expect(await sent("/b", MULTIPART)).toEqual(["/base/b", MULTIPART]);
    expect(await sent("/a", "text/plain")).toEqual(["/base/a", "text/plain"]);
    expect(await sent("/a", "application/json")).toEqual(["/base/a", "application/json"]);
  }
});
