import { expect, test } from "vitest";
import { ActorTable } from "../../../../src/inspector/page/actor-table.js";
import { type TreeOptions, treeLines } from "../../../../src/inspector/page/actor-tree.js";
import { History } from "../../../../src/inspector/page/history.js";
import { actorRow, BEGAN, eventRecord } from "../../support/frames.js";

const table = new ActorTable();
table.update(actorRow("worker", { kind: "worker", state: "ready" }));
table.update(actorRow("sessions", { kind: "sessions" }));
table.update(actorRow("key", { kind: "key", state: "held" }));
for (let each = 0; each < 20; each += 1) {
  const state = each < 5 ? "closing" : "open";
  table.update(actorRow(`session.${each}`, { parent: "sessions", state }));
}

function shown(options: Partial<TreeOptions>, actors = table): readonly string[] {
  const lines = treeLines(actors, { filter: "", toggled: new Map(), past: undefined, ...options });
  return lines.map((line) => {
    const name = line.kind === "actor" ? line.row.id : `${line.label}: ${line.count}`;
    return `${"  ".repeat(line.depth)}${name}`;
  });
}

test("children are below their parents; many of a kind are grouped by state, closed", () => {
  expect(shown({})).toEqual([
    "worker",
    "  sessions",
    "    session closing: 5",
    "    session open: 15",
    "  key",
  ]);
});

test("a group opens, and a parent closes", () => {
  expect(shown({ toggled: new Map([["sessions session closing", true]]) })).toHaveLength(10);
  expect(shown({ toggled: new Map([["sessions", false]]) })).toEqual(["worker", "  sessions", "  key"]);
});

test("a filter shows what it matches by id, kind or state, and the parents of it", () => {
  expect(shown({ filter: "session.7" })).toEqual(["worker", "  sessions", "    session.7"]);
  expect(shown({ filter: "held" })).toEqual(["worker", "  key"]);
  expect(shown({ filter: "nowhere" })).toEqual([]);
});

test("in the past, actors that had ended or not begun are not there, and those that have ended since are", () => {
  const history = new History();
  history.add(eventRecord(1, { ref: "worker", state: "loading" }));
  history.add(eventRecord(2, { ref: "early", event: "xstate.init", state: "open" }));
  history.add(eventRecord(3, { ref: "early", event: "xstate.stop", status: "stopped" }));
  history.add(eventRecord(4, { ref: "late", event: "xstate.init", state: "open" }));
  const actors = new ActorTable();
  for (const ref of ["worker", "late", "early"])
    actors.update(actorRow(ref, { state: "open", since: BEGAN + 100 }));
  actors.remove("early");
  expect(shown({ past: history.pastAt(1) }, actors)).toEqual(["worker"]);
  expect(shown({ past: history.pastAt(2) }, actors)).toEqual(["worker", "  early"]);
  expect(shown({ past: history.pastAt(4) }, actors)).toEqual(["worker", "  late"]);
  const [worker] = treeLines(actors, { filter: "", toggled: new Map(), past: history.pastAt(4) });
  expect(worker).toMatchObject({ state: "loading", rate: undefined });
});
