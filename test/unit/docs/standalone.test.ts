import { expect, test } from "vitest";
import { tsworkerProgram } from "../../../src/cli/command-line.js";
import { openAiRoutes } from "../../../src/cli/proxy/openai-routes.js";
import { codeOf, rowsBelow, textOf } from "../support/documents.js";

const page = await textOf("docs/standalone.md");

test("each option of tsworker proxy has a row, and there is no other row", () => {
  const command = tsworkerProgram().commands.find((each) => each.name() === "proxy");
  const flags = command?.options.map(({ long }) => long);
  expect(rowsBelow(page, "Options").map(([option]) => codeOf(option))).toEqual(flags);
});

test("each route that waits for a turn is named, and the family of each other one", () => {
  const routes = openAiRoutes({ concurrency: 1, maxQueueTime: 1, isFair: false, model: () => undefined });
  const named = [...page.matchAll(/`(\/[\w/:]+)`/g)].map(([, route = ""]) => route);
  const missing = routes
    .map(({ route }) => route)
    .filter((route) => !named.some((each) => route === each || route.startsWith(`${each}/`)));
  expect(missing).toEqual([]);
  expect(routes.length).toBeGreaterThan(30);
});
