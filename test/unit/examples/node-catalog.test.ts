import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { NodeCatalog } from "../../../examples/comfy/node-catalog.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { eventually } from "../../support/eventually.js";

/** Answers of ComfyUI, with lists in the older and the newer form. */
const OBJECT_INFO = {
  Loader: { input: { required: { name: [["a", "b"], { tooltip: "" }] } }, python_module: "nodes" },
  Newer: {
    input: { optional: { name: ["COMBO", { options: ["a"] }] } },
    python_module: "comfy_extras.nodes_x",
  },
  LoadImage: { input: { required: { image: [["a.png"], { image_upload: true }] } }, python_module: "nodes" },
  Theirs: { input: { required: { name: [["a"]] } }, python_module: "custom_nodes.theirs" },
  Many: { input: { required: { name: [Array.from({ length: 12 }, (_, at) => `m${at}`)] } } },
};

async function catalogOf(...before: readonly string[]): Promise<NodeCatalog> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/object_info" ? 200 : 404).end(JSON.stringify(OBJECT_INFO));
  });
  const address = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  const catalog = new NodeCatalog([...before, address]);
  onTestFinished(async () => {
    catalog.stop();
    await close(server);
  });
  // As long as it knows nothing, it lets everything pass.
  expect(catalog.classFault("Nothing")).toBeUndefined();
  expect(catalog.choiceFault("Loader", "name", "x")).toBeUndefined();
  catalog.start();
  await eventually(() => expect(catalog.classFault("Nothing")).toBeDefined());
  return catalog;
}

test("it is read from the first address at which ComfyUI answers", async () => {
  const catalog = await catalogOf("http://127.0.0.1:1");
  expect(catalog.classFault("Nothing")).toMatch(/^there is no node Nothing here: install its custom node/);
  expect(catalog.classFault("Loader")).toBeUndefined();
});

test("a value that is in no list is named with those that are there", async () => {
  const catalog = await catalogOf();
  expect(catalog.choiceFault("Loader", "name", "c")).toBe('there is no "c" here; there are: a, b');
  expect(catalog.choiceFault("Newer", "name", "c")).toBe('there is no "c" here; there are: a');
  expect(catalog.choiceFault("Many", "name", "c")).toMatch(/: m0, m1, .*, m7 and 4 others$/);
});

test.each([
  ["a value of the list", "Loader", "name", "a"],
  ["no value", "Loader", "name", undefined],
  ["an input without a list", "Loader", "seed", 7],
  ["an address, which the wrapper downloads", "Loader", "name", "https://example.com/a.png"],
  ["a file that may have been uploaded", "LoadImage", "image", "mine.png"],
  ["an input of a custom node", "Theirs", "name", "c"],
])("it lets %s pass", async (_, node, name, value) => {
  expect((await catalogOf()).choiceFault(node, name, value)).toBeUndefined();
});
