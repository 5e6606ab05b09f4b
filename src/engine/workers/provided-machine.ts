import { fromPromise } from "xstate";
import { endpointMachine } from "../machines/endpoint.js";
import { engineWorkerMachine, type Memo, type WorkerCall } from "../machines/worker.js";
import { workergroupMachine } from "../machines/workergroup.js";
import type { Provider, WorkerOrder } from "./provider.js";

interface ProvidedInput {
  readonly provider: Provider | undefined;
  readonly orderOf: (call: WorkerCall) => WorkerOrder;
  /** Looks at the fleet, once a second. */
  readonly manage: () => void;
}

/** The machine of an endpoint whose workers a provider makes. */
export function providedMachine({ provider, orderOf, manage }: ProvidedInput) {
  type Act<T> = (provider: Provider, order: WorkerOrder, signal: AbortSignal) => Promise<T>;
  const act = <T>(call: Act<T>) =>
    fromPromise<T, WorkerCall>(async ({ input, signal }) => {
      if (provider === undefined) throw new Error("workers announce themselves: nothing can be done to them");
      return call(provider, orderOf(input), signal);
    });
  const worker = engineWorkerMachine.provide({
    actors: {
      create: act<Memo>((by, order, signal) => by.create(order, signal)),
      start: act<Memo>((by, order, signal) => by.start(order, signal)),
      stop: act<void>((by, order, signal) => by.stop(order, signal)),
      destroy: act<void>((by, order, signal) => by.destroy(order, signal)),
    },
  });
  return endpointMachine.provide({
    actors: {
      workergroup: workergroupMachine.provide({ actors: { worker } }),
      manage: fromPromise(async () => manage()),
    },
  });
}
