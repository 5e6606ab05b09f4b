import { and, raise, stateIn } from "xstate";
import { modelHealth } from "./model-health.js";
import { loaded, messageOf, modelSetup, newModelContext, noteSeenFailure } from "./model-setup.js";

export type { ModelInput, ModelNews, ProbeFailure, Readiness } from "./model-setup.js";

/**
 * Watches the model from outside: lines of its log, its health URL, refused connections and requests that succeed. Where
 * the user's own code starts the model, it calls that code until it succeeds.
 *
 * A failure in the log counts only if the health URL confirms it. Without a health URL the line counts, and later evidence
 * may contradict it.
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
          // Something else determines that the model has loaded.
          { target: ".following", actions: "noteWasLoaded" },
        ],
        "log.failed": [
          { guard: { type: "isPast", params: ({ event }) => event } },
          {
            guard: { type: "isStale", params: ({ event }) => event },
            target: ".settling",
            actions: { type: "noteFailureLine", params: ({ event }) => event },
          },
          {
            guard: "hasHealth",
            actions: raise(({ event: { line, match } }) => ({ type: "failure.logged", line, match })),
          },
          {
            target: ".following",
            actions: {
              type: "report",
              params: ({ event }) => ({ type: "model.failed", message: event.match }),
            },
          },
        ],
      },
      states: {
        following: {},
        // A line from before this worker's start: it counts as soon as the health URL confirms it.
        claimed: {
          initial: "probing",
          states: {
            probing: {
              invoke: {
                id: "claimProbe",
                src: "probe",
                onDone: { target: "#model.log.following", actions: ["noteLoaded", loaded] },
                onError: { target: "waiting", actions: noteSeenFailure },
              },
            },
            waiting: { after: { loadingInterval: "probing" } },
          },
        },
        // A line from before this worker's start: it counts unless a later one reports that the model has loaded.
        settling: {
          // Of several lines the first has the cause, so a later one restarts the wait and changes nothing else.
          on: {
            "log.failed": {
              guard: { type: "isStale", params: ({ event }) => event },
              target: "settling",
              reenter: true,
            },
          },
          after: {
            settleTime: [
              {
                guard: "hasHealth",
                target: "following",
                actions: raise(({ context: { failureLine } }) => ({
                  type: "failure.logged",
                  line: failureLine?.line ?? "",
                  match: failureLine?.match ?? "",
                })),
              },
              { target: "following", actions: "reportMatch" },
            ],
          },
        },
      },
    },
    health: modelHealth,
    // Reports what is observed of a model that takes longer than usual to load.
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
                // A probe observes more.
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
                  actions: { type: "noteSeen", params: ({ event }) => ({ seen: event.output }) },
                },
                onError: { target: "waiting", actions: noteSeenFailure },
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
                  { type: "report", params: { type: "model.started" } },
                  "noteLoaded",
                  loaded,
                ],
              },
              {
                target: "idle",
                actions: ["noteStarted", { type: "report", params: { type: "model.started" } }],
              },
            ],
            onError: {
              target: "failed",
              actions: {
                type: "report",
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
