import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { SENDERS } from "../../../machines/senders.js";
import { flowchartOf, OUTSIDE, WAYS, withWays } from "../../../scripts/ways.js";
import { codeOf, root, rowsBelow, textOf } from "../support/documents.js";
import { textOf as sourceOf } from "../support/imports.js";

const page = await textOf("docs/architecture.md");

test("the tree has the folders that the rules of imports have, in their order", () => {
  const [, list = ""] = /^const ROOMS = \[([^\]]+)\];/m.exec(sourceOf("test/unit/layers.test.ts")) ?? [];
  const rooms = [...list.matchAll(/"([^"]+)"/g)].map(([, room]) => room);
  expect(rooms.length).toBeGreaterThan(15);
  const rows = rowsBelow(page, "The tree");
  expect(rows.map(([folder]) => codeOf(folder))).toEqual(rooms);
  for (const [folder, what = ""] of rows) expect(what.length, folder).toBeGreaterThan(10);
});

// A test that fails here is mended by `npm run diagrams`.
test("the diagrams are those of the table of ways", () => {
  expect(withWays(page)).toBe(page);
  for (const way of Object.values(WAYS)) expect(page).toContain(flowchartOf(way));
});

test.each(Object.entries(WAYS))(
  "the way of a %s leads through folders that exist, and to its end",
  (_, way) => {
    const ids = Object.keys(way);
    const reached = new Set(ids.slice(0, 1));
    for (const id of reached) for (const to of Object.keys(way[id]?.next ?? {})) reached.add(to);
    expect([...reached].toSorted()).toEqual(ids.toSorted());
    for (const { at } of Object.values(way)) {
      expect(OUTSIDE.includes(at) || statSync(root(at)).isDirectory(), at).toBe(true);
    }
  },
);

test("each event on the ways goes from its sender to an actor that handles it", () => {
  const senders: Readonly<Record<string, Readonly<Record<string, string>>>> = SENDERS;
  const events = Object.values(WAYS).flatMap((way) =>
    Object.values(way).flatMap(({ actor, next }) =>
      Object.entries(next).flatMap(([to, label]) =>
        label
          .split(", ")
          .filter((event) => /^[a-z]+\.[a-z]+$/.test(event))
          .map((event) => ({ event, from: actor, to: way[to]?.actor ?? "" })),
      ),
    ),
  );
  expect(events.length).toBeGreaterThan(4);
  for (const { event, from, to } of events) expect(senders[to]?.[event], event).toBe(from);
});
