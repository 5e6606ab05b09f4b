import { and, raise, stateIn } from "xstate";
import { failureOf, messageOf, modelSetup, newModelContext } from "./model-setup.js";

export type { ModelInput, ModelNews, ProbeFailure, Readiness } from "./model-setup.js";

const loaded = { type: "tell", params: { type: "model.loaded" } } as const;
const healthy = { type: "tell", params: { type: "model.healthy" } } as const;

interface Failed {
  readonly event: { readonly error: unknown };
}

const failure = ({ event }: Failed) => failureOf(event.error);
const seeFailure = {
  type: "see",
  params: ({ event }: Failed) => ({ seen: failureOf(event.error).seen }),
} as const;

/**
 * Watches the model from outside, and decides what the evidence is worth: lines of its log, its health URL, refused
 * connections and requests that succeed. Where the user's own code starts the model, it has it do so, again and again
 * until it did.
 *
 * A line of the log is evidence, and the health URL is the judge. Where there is none the line counts, and what comes
 * later may contradict it.
 */
export const modelMachine = modelSetup.createMachine({
  id: "model",
  context: ({ input }) => newModelContext(input),
  type: "parallel",
  entry: "startWatching",
  states: {
    log: {
      initial: "following",
      on: {
        "log.loaded": [
          {
            guard: { type: "isNewsOfLoading", params: ({ event }) => event },
            target: ".following",
            actions: ["noteWasLoaded", "noteLoaded", loaded],
          },
          {
            guard: { type: "isStaleClaim", params: ({ event }) => event },
            target: ".claimed",
            actions: "noteWasLoaded",
          },
          // Something else tells it, and says it better.
          { target: ".following", actions: "noteWasLoaded" },
        ],
        "log.failed": [
          { guard: { type: "isPast", params: ({ event }) => event } },
          {
            guard: { type: "isStale", params: ({ event }) => event },
            target: ".accused",
            actions: { type: "accuse", params: ({ event }) => event },
          },
          {
            guard: "hasHealth",
            actions: raise(({ event: { line, match } }) => ({ type: "model.accused", line, match })),
          },
          {
            target: ".following",
            actions: {
              type: "tell",
              params: ({ event }) => ({ type: "model.failed", message: event.match }),
            },
          },
        ],
      },
      states: {
        following: {},
        // An old line says that the model has loaded: that counts as soon as the health URL says so, too.
        claimed: {
          initial: "probing",
          states: {
            probing: {
              invoke: {
                id: "claimProbe",
                src: "probe",
                onDone: { target: "#model.log.following", actions: ["noteLoaded", loaded] },
                onError: { target: "waiting", actions: seeFailure },
              },
            },
            waiting: { after: { loadingInterval: "probing" } },
          },
        },
        // An old line says that the model has failed, unless a later one says that it has loaded.
        accused: {
          // The first of several tells the cause, the others what came of it.
          on: {
            "log.failed": {
              guard: { type: "isStale", params: ({ event }) => event },
              target: "accused",
              reenter: true,
            },
          },
          after: {
            settleTime: [
              {
                guard: "hasHealth",
                target: "following",
                actions: raise(({ context: { accusation } }) => ({
                  type: "model.accused",
                  line: accusation?.line ?? "",
                  match: accusation?.match ?? "",
                })),
              },
              { target: "following", actions: "believeAccusation" },
            ],
          },
        },
      },
    },
    health: {
      initial: "deciding",
      on: {
        "model.verify": { guard: "hasHealth", target: ".probing", actions: "forgetFailures" },
        "model.suspect": [{ guard: "hasHealth", target: ".waiting" }, { target: ".doubted" }],
        "model.accused": { target: ".checking", actions: { type: "accuse", params: ({ event }) => event } },
      },
      states: {
        deciding: {
          always: [
            { guard: "loadsByHealth", target: "awaiting" },
            { guard: "needsLoading", target: "unasked" },
            { guard: "hasHealth", target: "waiting", actions: ["noteLoaded", loaded] },
            { target: "unasked", actions: ["noteLoaded", loaded] },
          ],
        },
        // Nothing is asked as long as there is no reason to.
        unasked: {
          on: { "connection.lost": { guard: "lacksHealth", target: "confirming" } },
        },
        awaiting: {
          initial: "probing",
          // The log was faster: its line has told what the first 200 would tell.
          on: {
            "log.loaded": { guard: { type: "isFirst", params: ({ event }) => event }, target: "unasked" },
          },
          states: {
            probing: {
              invoke: {
                id: "firstProbe",
                src: "probe",
                onDone: { target: "#model.health.waiting", actions: ["noteLoaded", loaded] },
                onError: { target: "waiting", actions: seeFailure },
              },
            },
            waiting: { after: { loadingInterval: "probing" } },
          },
        },
        probing: {
          invoke: {
            id: "probe",
            src: "probe",
            onDone: { target: "waiting", actions: ["forgetFailures", healthy] },
            onError: [
              {
                guard: { type: "isExcused", params: failure },
                target: "waiting",
                actions: ["forgetFailures", seeFailure],
              },
              {
                guard: { type: "isTolerated", params: failure },
                target: "waiting",
                actions: ["countFailure", seeFailure],
              },
              {
                target: "waiting",
                actions: [
                  seeFailure,
                  {
                    type: "tell",
                    params: ({ event }) => ({ type: "model.unhealthy", message: messageOf(event.error) }),
                  },
                ],
              },
            ],
          },
        },
        waiting: {
          after: { healthInterval: "probing" },
          // Later failures count at the interval only: clients must not be able to hurry them.
          on: { "connection.lost": { guard: "isUnsuspected", target: "probing" } },
        },
        // A line of the log accuses the model. Further ones change nothing: the check is about the model.
        checking: {
          initial: "looking",
          on: { "model.accused": {}, "model.verify": ".looking" },
          states: {
            looking: {
              invoke: {
                id: "look",
                src: "probe",
                onDone: [
                  {
                    guard: "isSecondGoodLook",
                    target: "#model.health.waiting",
                    actions: ["forgetFailures", "dismissAccusation", healthy],
                  },
                  { target: "pausing", actions: ["countGoodLook", healthy] },
                ],
                onError: [
                  {
                    guard: { type: "isExcused", params: failure },
                    target: "pausing",
                    actions: "forgetFailures",
                  },
                  {
                    guard: { type: "isTimeoutBelowThreshold", params: failure },
                    target: "pausing",
                    actions: "countFailure",
                  },
                  { target: "#model.health.waiting", actions: ["confirmAccusation", seeFailure] },
                ],
              },
            },
            pausing: { after: { recheckInterval: "looking" } },
          },
        },
        // Without a health URL: a request's connection was lost. Own attempts are to show whether anything listens.
        confirming: {
          initial: "connecting",
          states: {
            connecting: {
              invoke: {
                id: "attempt",
                src: "probe",
                onDone: { target: "#model.health.unasked", actions: "forgetFailures" },
                onError: [
                  {
                    guard: { type: "isExcused", params: failure },
                    target: "#model.health.unasked",
                    actions: "forgetFailures",
                  },
                  { guard: "isBelowThreshold", target: "pausing", actions: "countFailure" },
                  {
                    target: "#model.health.gone",
                    actions: [
                      seeFailure,
                      {
                        type: "tell",
                        params: ({ event }) => ({ type: "model.failed", message: messageOf(event.error) }),
                      },
                    ],
                  },
                ],
              },
            },
            pausing: { after: { confirmInterval: "connecting" } },
          },
        },
        // The port accepts no connections: the worker is led back when it does.
        gone: {
          initial: "pausing",
          // A ready line has led the worker back before the port did.
          on: { "model.suspect": {}, "model.serve": "confirming" },
          states: {
            connecting: {
              invoke: {
                id: "return",
                src: "probe",
                onDone: { target: "#model.health.unasked", actions: ["forgetFailures", healthy] },
                onError: { target: "pausing", actions: seeFailure },
              },
            },
            pausing: { after: { confirmInterval: "connecting" } },
          },
        },
        // The worker is errored, and there is no health URL: a request that succeeds leads it back.
        doubted: {
          invoke: {
            id: "success",
            src: "awaitSuccess",
            onDone: { target: "unasked", actions: healthy },
            onError: "unasked",
          },
          on: { "model.serve": "unasked" },
          after: {
            healthInterval: [
              { guard: "leadsBackThroughPort", target: "returning" },
              // Nothing else would lead the worker back.
              { guard: "leadsBackByItself", target: "unasked", actions: loaded },
            ],
          },
        },
        returning: {
          invoke: {
            id: "return",
            src: "probe",
            onDone: { target: "unasked", actions: loaded },
            onError: { target: "doubted", actions: seeFailure },
          },
          on: { "model.serve": "unasked" },
        },
      },
    },
    // What is seen of a model that is waited for longer than usual.
    view: {
      initial: "closed",
      on: { "model.serve": ".off", "model.suspect": ".closed" },
      states: {
        off: { entry: "forgetSeen" },
        closed: { entry: "forgetSeen", after: { viewDelay: "open" } },
        open: {
          entry: "show",
          exit: "hide",
          initial: "deciding",
          states: {
            deciding: {
              always: [
                {
                  guard: and([stateIn({ health: "unasked" }), stateIn({ log: "following" })]),
                  target: "looking",
                },
                // A probe sees more.
                { target: "waiting" },
              ],
            },
            looking: {
              invoke: {
                id: "view",
                src: "lookAround",
                input: ({ context: { isLoaded } }) => ({ isLoaded }),
                onDone: {
                  target: "waiting",
                  actions: { type: "see", params: ({ event }) => ({ seen: event.output }) },
                },
                onError: { target: "waiting", actions: seeFailure },
              },
            },
            waiting: { after: { viewInterval: "deciding" } },
          },
        },
      },
    },
    lifecycle: {
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "mustStart", target: "starting" }, { target: "idle" }] },
        starting: {
          invoke: {
            id: "startLifecycle",
            src: "startLifecycle",
            onDone: [
              {
                guard: "loadsByLifecycle",
                target: "idle",
                actions: [
                  "noteStarted",
                  { type: "tell", params: { type: "model.started" } },
                  "noteLoaded",
                  loaded,
                ],
              },
              {
                target: "idle",
                actions: ["noteStarted", { type: "tell", params: { type: "model.started" } }],
              },
            ],
            onError: {
              target: "failed",
              actions: {
                type: "tell",
                params: ({ event }) => ({
                  type: "model.failed",
                  message: `lifecycle.start failed: ${messageOf(event.error)}`,
                }),
              },
            },
          },
        },
        failed: { after: { lifecycleRetry: "starting" } },
        idle: {},
      },
    },
  },
});
