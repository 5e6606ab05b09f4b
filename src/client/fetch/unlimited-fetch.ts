/** The part of the `fetch` of Node.js that sends requests. */
interface Dispatcher {
  dispatch(options: object, handler: object): boolean;
}

/** Keys of the global dispatcher in Node.js, which a program may replace. The newer interface has precedence. */
const NEWER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.2");
const OLDER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.1");

const at = (key: symbol): Dispatcher | undefined => Reflect.get(globalThis, key);

/** The dispatcher for a kind of handler; only those of the newer interface have `onRequestStart`. */
const dispatcherFor = (handler: object): Dispatcher | undefined =>
  ("onRequestStart" in handler ? at(NEWER) : undefined) ?? at(OLDER) ?? at(NEWER);

/** Uses the program's own dispatcher, with its proxy or certificates, without its time limits. */
const UNLIMITED: Dispatcher = {
  dispatch: (options, handler) => {
    const dispatcher = dispatcherFor(handler);
    if (dispatcher === undefined) throw new TypeError("expected a dispatcher below fetch, found none");
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
};

/**
 * The global `fetch` without time limits. The one of Node.js fails when an answer begins after 300 s, or a body is silent
 * for as long; so does that of Bun, unless its `timeout` is false. Browsers ignore both options.
 */
export const unlimitedFetch: typeof fetch = (input, init) => {
  // Node.js creates its dispatcher on the first access to one of these classes.
  const isNode = typeof Response === "function" && (at(OLDER) ?? at(NEWER)) !== undefined;
  const more: object = { timeout: false, ...(isNode && { dispatcher: UNLIMITED }) };
  return globalThis.fetch(input, { ...init, ...more });
};
