import { createActor, type InspectionEvent, SimulatedClock } from "xstate";
import type { Condition } from "../../../machines/events.js";
import {
  type Delivered,
  type DeliveryInput,
  type ReporterInput,
  reporterMachine,
} from "../../../machines/reporter.js";
import { Calls } from "./calls.js";
import { settled } from "./settled.js";

/** What an address answers that takes a report without a load time. */
export const TAKEN: Delivered = { loadtime: 0, more: false };

interface Options extends Partial<ReporterInput> {
  readonly inspect?: (event: InspectionEvent) => void;
}

/** A reporter whose deliveries the test answers. */
export function startedReporter({
  kind = "status",
  addresses = ["http://a"],
  inspect = () => {},
}: Options = {}) {
  const clock = new SimulatedClock();
  const deliver = new Calls<Delivered, DeliveryInput>();
  const reporter = createActor(reporterMachine.provide({ actors: { deliver: deliver.logic } }), {
    clock,
    inspect,
    input: { kind, addresses },
  }).start();
  return {
    reporter,
    deliver,
    state: () => reporter.getSnapshot().value,
    due: () => reporter.send({ type: "report.due" }),
    flush: () => reporter.send({ type: "report.flush" }),
    changed: (condition: Partial<Condition> = {}) =>
      reporter.send({
        type: "worker.changed",
        condition: { maxPerf: 0, errorMsg: "", loadtime: 0, ...condition },
      }),
    /** The addresses that were asked, in order. */
    asked: () => deliver.all.map(({ input }) => input.address),
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}
