/** What stands below the `fetch` of Node.js, and sends its requests. */
interface Dispatcher {
  dispatch(options: object, handler: object): boolean;
}

/** Where Node.js keeps the one that is used; a program may have put its own there. The newer interface is named first. */
const NEWER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.2");
const OLDER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.1");

const at = (key: symbol): Dispatcher | undefined => Reflect.get(globalThis, key);

/** A dispatcher that takes handlers of this kind; only those of the newer interface have `onRequestStart`. */
const dispatcherFor = (handler: object): Dispatcher | undefined =>
  ("onRequestStart" in handler ? at(NEWER) : undefined) ?? at(OLDER) ?? at(NEWER);

/** Sends as the program's own dispatcher does, with its proxy or certificates, but waits as long as it takes. */
const PATIENT: Dispatcher = {
  dispatch: (options, handler) => {
    const dispatcher = dispatcherFor(handler);
    if (dispatcher === undefined) throw new TypeError("expected a dispatcher below fetch, found none");
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
};

/**
 * The global `fetch` without limits of its own. The one of Node.js gives up on an answer that begins after 300 s, and on a
 * body that is silent for as long; the one of Bun does so too, unless its `timeout` is false. Browsers know neither option.
 */
export const patientFetch: typeof fetch = (input, init) => {
  // Node.js makes its dispatcher when the first of these classes is looked at.
  const isNode = typeof Response === "function" && (at(OLDER) ?? at(NEWER)) !== undefined;
  const more: object = { timeout: false, ...(isNode && { dispatcher: PATIENT }) };
  return globalThis.fetch(input, { ...init, ...more });
};
