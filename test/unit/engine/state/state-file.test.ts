import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { EngineState } from "../../../../src/engine/state/engine-state.js";
import { StateFile } from "../../../../src/engine/state/state-file.js";
import { eventually } from "../../../support/eventually.js";

const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

const state: EngineState = {
  version: 1,
  privateKey,
  lastRequestIdx: 7,
  lastReqnum: 9,
  lastId: 2,
  lastWorkerId: 3,
  endpoints: [],
  groups: [],
  workers: [
    { id: 3, endpointId: 1, groupId: 2, origin: "held", purpose: "inactive", memo: { port: 1 }, capacity: 5 },
  ],
  deployments: [],
};

async function stateFile() {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-state-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "state.json");
  const notices: string[] = [];
  let written = 0;
  const file = new StateFile({
    path,
    state: () => {
      written += 1;
      return state;
    },
    onNotice: (notice) => notices.push(notice),
  });
  return { file, path, folder, notices, written: () => written };
}

test("what was written is read again", async () => {
  const { file, notices } = await stateFile();
  expect(await file.load()).toBeUndefined();
  await file.flush();
  expect(await file.load()).toEqual(state);
  expect(notices).toEqual([]);
});

test("only its owner may read it, and nothing else is left beside it", async () => {
  const { file, path, folder } = await stateFile();
  await Promise.all([file.flush(), file.flush()]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["state.json"]);
});

test("many changes are one writing, a second later at most", async () => {
  const { file, path, written } = await stateFile();
  for (let changes = 0; changes < 100; changes += 1) file.touch();
  expect(written()).toBe(0);
  await eventually(() => readFile(path));
  expect(written()).toBe(1);
});

test.each([
  ["no JSON", '{"version":1,'],
  ["nothing", ""],
  ["of another version", JSON.stringify({ ...state, version: 2 })],
  ["without what is needed", JSON.stringify({ ...state, privateKey: undefined })],
])("a file that is %s is set aside, with a notice", async (_, text) => {
  const { file, path, folder, notices } = await stateFile();
  await writeFile(path, text);
  expect(await file.load()).toBeUndefined();
  const [aside = ""] = await readdir(folder);
  expect(aside).toMatch(/^state\.json\.damaged-/);
  expect(await readFile(join(folder, aside), "utf8")).toBe(text);
  expect(notices).toEqual([expect.stringContaining(`it was set aside as ${join(folder, aside)}`)]);
});

test("a file that cannot be read is an error that names it", async () => {
  const { path, notices } = await stateFile();
  const file = new StateFile({
    path: join(path, ".."),
    state: () => state,
    onNotice: (notice) => notices.push(notice),
  });
  await expect(file.load()).rejects.toMatchObject({
    code: "STATE_UNAVAILABLE",
    message: expect.stringContaining("cannot read the engine's state from"),
  });
});

test("a file that cannot be written is an error that names it", async () => {
  const { folder } = await stateFile();
  const path = join(folder, "nowhere", "state.json");
  const file = new StateFile({ path, state: () => state, onNotice: () => {} });
  await expect(file.flush()).rejects.toMatchObject({
    code: "STATE_UNAVAILABLE",
    message: expect.stringContaining(path),
  });
});
