import type { InspectRecord } from "../../inspector/recorder/frames.js";

/** The selection of records. */
export interface InspectSelection {
  /** Ids of actors, or globs of them. Without it: all. */
  readonly actor?: readonly string[];
  /** Parts of an event's type, or globs of it. */
  readonly event?: readonly string[];
  readonly requests?: boolean;
  readonly errors?: boolean;
}

/**
 * Whether a record is selected. `event`, `requests` and `errors` add up, and with none of them everything is selected;
 * `actor` narrows that to records in which one of these actors has a part.
 */
export function inspectFilter({
  actor = [],
  event = [],
  requests = false,
  errors = false,
}: InspectSelection): (record: InspectRecord) => boolean {
  const actors = actor.map(glob);
  const events = event.map((text) => glob(/[*?]/.test(text) ? text : `*${text}*`));
  const isEverything = events.length === 0 && !requests && !errors;
  const isOfKind = (record: InspectRecord): boolean => {
    if (record.kind === "request") return requests;
    if (record.kind === "error") return errors;
    return events.some((pattern) => pattern.test(record.event));
  };
  return (record) =>
    (isEverything || isOfKind(record)) &&
    (actors.length === 0 || actorsOf(record).some((id) => actors.some((pattern) => pattern.test(id))));
}

function actorsOf(record: InspectRecord): readonly string[] {
  switch (record.kind) {
    case "event":
      return record.sender === undefined ? [record.actor] : [record.actor, record.sender];
    case "request": {
      const queue = `queue.${record.queue}`;
      return record.session === undefined ? [queue] : [queue, `session.${record.session}`];
    }
    case "error":
      return record.actor === undefined ? [] : [record.actor];
  }
}

/** `*` matches any characters, `?` for one; case does not matter. */
function glob(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "is");
}
