/** The part of the `fetch` of Node.js that sends requests. */
export interface Dispatcher {
  dispatch(options: object, handler: object): boolean;
}

/** Keys of the global dispatcher in Node.js, which a program may replace. The newer interface has precedence. */
const NEWER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.2");
const OLDER = /* @__PURE__ */ Symbol.for("undici.globalDispatcher.1");

const at = (key: symbol): Dispatcher | undefined => Reflect.get(globalThis, key);

/** The dispatcher for a kind of handler; only those of the newer interface have `onRequestStart`. */
const dispatcherFor = (handler: object): Dispatcher | undefined =>
  ("onRequestStart" in handler ? at(NEWER) : undefined) ?? at(OLDER) ?? at(NEWER);

/** Uses a dispatcher without its time limits. @param own - undefined: the program's own one, with its proxy. */
const unlimited = (own?: Dispatcher): Dispatcher => ({
  dispatch: (options, handler) => {
    const dispatcher = own ?? dispatcherFor(handler);
    if (dispatcher === undefined) throw new TypeError("expected a dispatcher below fetch, found none");
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
});

/** The global dispatchers of Node.js, the newest first; none in other environments. */
function globalDispatchers(): readonly Dispatcher[] {
  // Node.js creates them on the first access to one of these classes.
  if (typeof Response !== "function") return [];
  return [at(NEWER), at(OLDER)].filter((each) => each !== undefined);
}

/**
 * A dispatcher with other connections than the usual one; undefined where that is not the one of Node.js, but the
 * program's own, or where there is none.
 */
export function dispatcherWith(connect: object): Dispatcher | undefined {
  const dispatchers = globalDispatchers();
  const [usual] = dispatchers;
  if (usual === undefined || dispatchers.some((each) => each.constructor.name !== "Agent")) return undefined;
  return Reflect.construct(usual.constructor, [{ connect }]) as Dispatcher;
}

/**
 * The global `fetch` without time limits. The one of Node.js fails when an answer begins after 300 s, or a body is silent
 * for as long; so does that of Bun, unless its `timeout` is false. Browsers ignore both options.
 *
 * @param own - dispatcher to be used in Node.js.
 */
export function unlimitedFetch(
  input: string | URL | Request,
  init?: RequestInit,
  own?: Dispatcher,
): Promise<Response> {
  const isNode = globalDispatchers().length > 0;
  const more: object = { timeout: false, ...(isNode && { dispatcher: unlimited(own) }) };
  return globalThis.fetch(input, { ...init, ...more });
}
