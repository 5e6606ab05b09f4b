import * as machines from "tsworker/machines";
import { expect, test } from "vitest";
import { type AnyStateMachine, createMachine, StateMachine } from "xstate";
import { chartOf } from "../../../../src/inspector/chart/machine-charts.js";
import { statelyDefinition } from "../../../../src/inspector/server/stately-format.js";

/** The machine that Stately's tools see. */
const seen = (machine: AnyStateMachine): AnyStateMachine =>
  createMachine(JSON.parse(statelyDefinition(chartOf(machine))));

const own = Object.entries(machines).filter(([, value]) => value instanceof StateMachine) as [
  string,
  AnyStateMachine,
][];

test("there are machines to show", () => {
  expect(own.length).toBeGreaterThan(3);
});

test.each(own)("%s is the same machine for every reader of its definition", (_, machine) => {
  const { root, edges, id } = chartOf(seen(machine));
  const expected = chartOf(machine);
  expect({ id, root }).toEqual({ id: expected.id, root: expected.root });
  expect(edges).toHaveLength(expected.edges.length);
  expect(edges).toEqual(expect.arrayContaining([...expected.edges]));
});

test("every kind of state and of transition is sent", () => {
  const machine = createMachine({
    id: "all",
    initial: "outer",
    entry: "greet",
    on: { "x.reset": ".outer", "x.*": { actions: "count" } },
    states: {
      outer: {
        initial: "first",
        onDone: "ended",
        after: { 1500: "both", patience: { target: "ended", guard: "isLate" } },
        states: {
          first: {
            invoke: {
              id: "child",
              src: "child",
              onDone: [{ target: "second", guard: "isFine" }],
              onError: "#all.both",
            },
            on: {
              again: { target: "first", actions: ["note", "tell"] },
              "xstate.done.actor.other": "second",
            },
          },
          second: { type: "final" },
          past: { type: "history" },
        },
      },
      both: {
        type: "parallel",
        exit: "leave",
        states: {
          left: { initial: "a", states: { a: { always: { target: "b", guard: "isOdd" } }, b: {} } },
          right: {},
        },
      },
      ended: { type: "final" },
    },
  });
  const { root, edges } = chartOf(seen(machine));
  expect(root).toEqual(chartOf(machine).root);
  expect(edges).toEqual(expect.arrayContaining([...chartOf(machine).edges]));
});
