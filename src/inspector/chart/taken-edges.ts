import { activePaths, type StateValue } from "./active-paths.js";
import type { Chart, ChartEdge } from "./chart.js";
import { ancestors, type Configuration, Configurations } from "./configuration.js";
import { fitsDescriptor } from "./fits-descriptor.js";

/** More `always` edges in a row than any machine takes. */
const MAX_STEPS = 8;

/** What may have happened so far. */
interface Walk {
  readonly at: Configuration;
  readonly edges: readonly ChartEdge[];
}

/**
 * Tells which edges an event must have led over, `always` edges included. Guards are not known, so where several ways
 * lead to the same state it is the shortest, and of those the first in the order of the definition.
 *
 * @param before - undefined: the machine has just begun.
 * @param first - ids of the edges that the event itself set off, where they are known.
 * @returns ids, in order; empty where no edge fits.
 */
export function takenEdges(
  chart: Chart,
  before: StateValue | undefined,
  eventType: string,
  after: StateValue,
  first?: readonly string[],
): readonly string[] {
  const configurations = new Configurations(chart);
  const goal = new Set(activePaths(after));
  const starts =
    before === undefined
      ? [{ at: configurations.first(), edges: [] }]
      : first === undefined
        ? eventWalks(chart, configurations, new Set(activePaths(before)), eventType)
        : [walkOver(chart, configurations, new Set(activePaths(before)), first)];
  let walks: readonly Walk[] = starts;
  for (let steps = 0; steps <= MAX_STEPS; steps++) {
    const arrived = walks.find(({ at }) => isSame(at, goal));
    if (arrived !== undefined) return arrived.edges.map(({ id }) => id);
    walks = walks.flatMap((walk) => alwaysWalks(chart, configurations, walk));
  }
  return first ?? [];
}

/** What these edges led to. */
function walkOver(
  chart: Chart,
  configurations: Configurations,
  start: Configuration,
  ids: readonly string[],
): Walk {
  const edges = chart.edges.filter(({ id }) => ids.includes(id));
  return { at: edges.reduce((at, edge) => configurations.after(at, edge), start), edges };
}

/** What an event may lead to: in each region that takes it, the first edge whose guard holds. */
function eventWalks(
  chart: Chart,
  configurations: Configurations,
  at: Configuration,
  eventType: string,
): readonly Walk[] {
  let walks: readonly Walk[] = [{ at, edges: [] }];
  for (const leaf of leavesOf(at)) {
    const choices = choicesOf(chart, leaf, eventType);
    walks = walks.flatMap((walk) => {
      // Another region's edge has left this state, or is of a state that holds both.
      if (!walk.at.has(leaf)) return [walk];
      return choices.map((edge) => {
        if (edge === undefined || walk.edges.includes(edge)) return walk;
        return { at: configurations.after(walk.at, edge), edges: [...walk.edges, edge] };
      });
    });
  }
  return walks;
}

/** Edges that an event may lead over from a state or those around it; undefined: none of the guards need hold. */
function choicesOf(chart: Chart, leaf: string, eventType: string): readonly (ChartEdge | undefined)[] {
  const candidates = [leaf, ...ancestors(leaf).toReversed()].flatMap((path) =>
    chart.edges
      .filter((edge) => edge.from === path && fitsEvent(edge, eventType))
      .toSorted((one, other) => specificity(other, eventType) - specificity(one, eventType)),
  );
  const certain = candidates.findIndex(({ guard }) => guard === undefined);
  return certain < 0 ? [...candidates, undefined] : candidates.slice(0, certain + 1);
}

const fitsEvent = ({ on }: ChartEdge, eventType: string): boolean =>
  on.kind !== "always" && fitsDescriptor(eventType, on.event);

/** The event's own edges come before those of a wildcard, a longer wildcard's before those of a shorter one. */
function specificity({ on }: ChartEdge, eventType: string): number {
  if (on.kind === "always") return 0;
  return on.event === eventType ? Number.MAX_SAFE_INTEGER : on.event.length;
}

function alwaysWalks(chart: Chart, configurations: Configurations, { at, edges }: Walk): readonly Walk[] {
  return chart.edges
    .filter((edge) => edge.on.kind === "always" && edge.to !== undefined && at.has(edge.from))
    .map((edge) => ({ at: configurations.after(at, edge), edges: [...edges, edge] }));
}

const leavesOf = (at: Configuration): readonly string[] =>
  [...at].filter((path) => ![...at].some((other) => ancestors(other).includes(path)));

const isSame = (one: Configuration, other: Configuration): boolean =>
  one.size === other.size && [...one].every((path) => other.has(path));
