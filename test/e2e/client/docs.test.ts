import { mkdir, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ClientFixture } from "../../support/client-fixture.js";
import { root, snippetsOf, textOf } from "../../unit/support/documents.js";

const page = await textOf("docs/client.md");

/** Output of each snippet, in the order of the page; undefined for one that is no program. */
const PRINTED: readonly (RegExp | undefined)[] = [
  /\w+[\s\S]*\nworker http:\/\/127\.0\.0\.1:\d+, request \d+, [\d.]+ s$/,
  /^200$/,
  /\w+ \w+/,
  /^\d{3,} bytes of text\/event-stream/,
  /\w+ \w+[\s\S]*\n/,
  /^some words$/,
  /^200\n200$/,
  /^try 1 at http:\/\/127\.0\.0\.1:\d+\n200\ntrue 1$/,
  /^queued\n29\nqueued, polling, in progress, complete$/,
  /^(?:200 from http:\/\/127\.0\.0\.1:\d+\n?){2}$/,
  /^200 true\nfalse$/,
  /^worker \d+: idle, [\d.]+ units\/s, \d+ requests\nlog: /,
  /^images 8$/,
  /^ENGINE_REFUSED: .*check the apiKey/,
  undefined,
  /^200$/,
];

/** Server of the last snippets. */
const APP = "https://app.example.com/";

describe("the snippets of docs/client.md", () => {
  const folder = root(".test-build/client-docs");
  const snippets = snippetsOf(page, "ts");
  let fixture: ClientFixture;

  beforeAll(async () => {
    fixture = await ClientFixture.start({ endpoint: "my-endpoint" });
    vi.stubEnv("API_KEY", "key");
    vi.stubEnv("ENGINE_URL", fixture.engine.url);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await Promise.all(snippets.map((text, index) => writeFile(`${folder}/snippet-${index}.ts`, text)));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await fixture.stop();
  });

  const run = (index: number): Promise<unknown> => import(`${folder}/snippet-${index}.ts`);

  test("have an expected output each", () => {
    expect(snippets.length).toBe(PRINTED.length);
  });

  test.each(PRINTED.map((printed, index) => ({ printed, index })))(
    "number $index does what the page describes",
    async ({ printed, index }) => {
      if (printed === undefined) return;
      const { fetch } = globalThis;
      const log = vi.spyOn(console, "log").mockImplementation(() => {});
      const server = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
        if (!String(input).startsWith(APP)) return fetch(input, init);
        const { callEngine } = (await run(PRINTED.indexOf(undefined))) as {
          callEngine: (request: Request) => Promise<Response>;
        };
        return callEngine(new Request(input, init));
      });
      try {
        await run(index);
        expect(log.mock.calls.map((line) => line.join(" ")).join("\n")).toMatch(printed);
      } finally {
        log.mockRestore();
        server.mockRestore();
      }
    },
  );
});
