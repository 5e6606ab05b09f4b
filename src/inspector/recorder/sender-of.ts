/** Whoever took an event. */
export interface Receiver {
  readonly id: string;
  /** Id of its parent; undefined: it is the root. */
  readonly parentId: string | undefined;
}

/** Actors that are told about by xstate itself. */
const ABOUT_ACTOR = /^xstate\.(?:done|error)\.actor\.(.+)$/;
/** Events that an actor has scheduled for itself. */
const OWN_TIMER = /^(?:xstate\.after\..*|sessions\.sweep|flush\.overdue)$/;
/** The machines whose news the worker gets begin with their names. */
const NEWS = /^(key|model)\.[a-z]+$/;

const OUTSIDE: ReadonlySet<string> = new Set(["worker.drain", "worker.abort"]);

/** What the edge sends into the sessions, the queues and the reporters. */
const OF_EDGE: ReadonlySet<string> = new Set([
  "request.arrived",
  "request.ended",
  "report.due",
  "session.opened",
  "session.used",
  "session.end",
  "traffic.drained",
]);

/**
 * Who sent an event: the id of an actor, or undefined for the world outside. An actor's logic is not told, but the
 * worker's actors have a fixed protocol: whoever takes an event of some type takes it from one kind of sender.
 *
 * @param flow id of the request or session that the event is about.
 * @param queueOf the queue that a request is in.
 */
export function senderOf(
  type: string,
  { id, parentId }: Receiver,
  flow: string | undefined,
  queueOf: (request: string) => string | undefined,
): string | undefined {
  if (OUTSIDE.has(type)) return undefined;
  if (OWN_TIMER.test(type)) return id;
  const about = ABOUT_ACTOR.exec(type)?.[1];
  if (about !== undefined) return about;
  if (type.startsWith("log.")) return "log";
  if (type === "connection.lost") return "connections";
  if (parentId === undefined) return type === "sessions.closed" ? "sessions" : newsOf(type);
  if (parentId === "sessions") return "sessions";
  if (id === "edge" && flow !== undefined) {
    return type === "request.granted" ? queueOf(flow) : `session.${flow}`;
  }
  return OF_EDGE.has(type) ? "edge" : parentId;
}

const newsOf = (type: string): string | undefined =>
  NEWS.exec(type)?.[1] ?? (OF_EDGE.has(type) ? "edge" : undefined);
