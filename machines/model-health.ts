import { failureOf, healthy, loaded, messageOf, modelSetup, noteSeenFailure } from "./model-setup.js";

interface Failed {
  readonly event: { readonly error: unknown };
}

const failure = ({ event }: Failed) => failureOf(event.error);

/**
 * The region of the model's machine that probes: the health URL, or the port where there is no health URL. Only as often
 * as there is a reason to.
 */
export const modelHealth = modelSetup.createStateConfig({
  initial: "deciding",
  on: {
    "model.verify": { guard: "hasHealth", target: ".probing", actions: "forgetFailures" },
    "model.suspect": [{ guard: "hasHealth", target: ".waiting" }, { target: ".doubted" }],
    "failure.logged": {
      target: ".checking",
      actions: { type: "noteFailureLine", params: ({ event }) => event },
    },
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
    // No probes: there is no reason to.
    unasked: {
      on: { "connection.lost": { guard: "lacksHealth", target: "confirming" } },
    },
    awaiting: {
      initial: "probing",
      // The log was faster than the first 200.
      on: {
        "log.loaded": { guard: { type: "isFirst", params: ({ event }) => event }, target: "unasked" },
      },
      states: {
        probing: {
          invoke: {
            id: "firstProbe",
            src: "probe",
            onDone: { target: "#model.health.waiting", actions: ["noteLoaded", loaded] },
            onError: { target: "waiting", actions: noteSeenFailure },
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
            actions: ["forgetFailures", noteSeenFailure],
          },
          {
            guard: { type: "isTolerated", params: failure },
            target: "waiting",
            actions: ["countFailure", noteSeenFailure],
          },
          {
            target: "waiting",
            actions: [
              noteSeenFailure,
              {
                type: "report",
                params: ({ event }) => ({ type: "model.unhealthy", message: messageOf(event.error) }),
              },
            ],
          },
        ],
      },
    },
    waiting: {
      after: { healthInterval: "probing" },
      // Later failures count at the interval only: clients must not be able to speed them up.
      on: { "connection.lost": { guard: "isUnsuspected", target: "probing" } },
    },
    // A line of the log reported a failure. Further ones change nothing: the check is of the model.
    checking: {
      initial: "probing",
      on: { "failure.logged": {}, "model.verify": ".probing" },
      states: {
        probing: {
          invoke: {
            id: "checkProbe",
            src: "probe",
            onDone: [
              {
                guard: "isSecondGoodProbe",
                target: "#model.health.waiting",
                actions: ["forgetFailures", "reportDismissed", healthy],
              },
              { target: "pausing", actions: ["countGoodProbe", healthy] },
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
              { target: "#model.health.waiting", actions: ["reportLoggedFailure", noteSeenFailure] },
            ],
          },
        },
        pausing: { after: { recheckInterval: "probing" } },
      },
    },
    // Without a health URL, after a request's connection was lost: own connections show whether the port is open.
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
                  noteSeenFailure,
                  {
                    type: "report",
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
    // The port accepts no connections; the model is healthy again when it does.
    gone: {
      initial: "pausing",
      // A line of the log has led the worker back before the port accepted connections.
      on: { "model.suspect": {}, "model.serve": "confirming" },
      states: {
        connecting: {
          invoke: {
            id: "return",
            src: "probe",
            onDone: { target: "#model.health.unasked", actions: ["forgetFailures", healthy] },
            onError: { target: "pausing", actions: noteSeenFailure },
          },
        },
        pausing: { after: { confirmInterval: "connecting" } },
      },
    },
    // The worker is errored, and there is no health URL: a request that succeeds leads back.
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
          // Nothing else would lead back.
          { guard: "leadsBackByItself", target: "unasked", actions: loaded },
        ],
      },
    },
    returning: {
      invoke: {
        id: "return",
        src: "probe",
        onDone: { target: "unasked", actions: loaded },
        onError: { target: "doubted", actions: noteSeenFailure },
      },
      on: { "model.serve": "unasked" },
    },
  },
});
