import { allStates, ancestors, type Chart, type ChartEdge, type ChartState, isWithin } from "./chart.js";
import { activePaths, type StateValue } from "./state-value.js";

/** More `always` edges in a row than any machine takes. */
const MAX_STEPS = 8;

/** A possible sequence of edges, and the states it leads to. */
interface Walk {
  readonly at: Configuration;
  readonly edges: readonly ChartEdge[];
}

/**
 * The edges that an event has taken, `always` edges included. Guards are not known, so where several ways
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

/** The walk over the given edges. */
function walkOver(
  chart: Chart,
  configurations: Configurations,
  start: Configuration,
  ids: readonly string[],
): Walk {
  const edges = chart.edges.filter(({ id }) => ids.includes(id));
  return { at: edges.reduce((at, edge) => configurations.after(at, edge), start), edges };
}

/** The walks that an event may cause: in each region that handles it, the first edge whose guard holds. */
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

/** Paths of the states that are active at once. */
export type Configuration = ReadonlySet<string>;

/** Computes the active states after an edge, whatever its guard. */
class Configurations {
  readonly #states: ReadonlyMap<string, ChartState>;

  constructor({ root }: Chart) {
    this.#states = new Map(allStates(root).map((state) => [state.path, state]));
  }

  /** Where the machine begins, before any edge is taken. */
  first(): Configuration {
    return new Set(this.#begun(""));
  }

  /** Where an edge leads from a configuration that its state is part of. */
  after(configuration: Configuration, { from, to }: ChartEdge): Configuration {
    if (to === undefined) return configuration;
    const domain = to === from ? to : commonAncestor(from, to);
    const kept = [...configuration].filter((path) => !isWithin(path, domain) && path !== to);
    return new Set([...kept, ...this.#entered(domain, to)]);
  }

  /** The states that are entered between one and another within it, and that one. */
  #entered(domain: string, to: string): readonly string[] {
    const way = ancestors(to).filter((path) => isWithin(path, domain));
    const besides = [domain, ...way].flatMap((path) => {
      const state = this.#states.get(path);
      if (state?.kind !== "parallel" || path === to) return [];
      return state.children.filter((region) => region.path !== to && !isWithin(to, region.path));
    });
    return [...way, ...besides.flatMap(({ path }) => this.#begun(path)), ...this.#begun(to)];
  }

  /** A state and those within it that it begins in. */
  #begun(path: string): readonly string[] {
    const state = this.#states.get(path);
    if (state?.kind === "parallel")
      return [path, ...state.children.flatMap((child) => this.#begun(child.path))];
    if (state?.initial === undefined) return [path];
    return [path, ...this.#entered(path, state.initial)];
  }
}

/** The innermost state that holds both, or is one of them. */
function commonAncestor(one: string, other: string): string {
  const all = [...ancestors(other), other];
  return [...ancestors(one), one].findLast((path) => all.includes(path)) ?? "";
}

/**
 * An event is one of those that a descriptor names: the very one; `*`, which is any; or, as in `model.*`, any that
 * begins so, `model` itself included.
 */
export function fitsDescriptor(event: string, descriptor: string): boolean {
  if (descriptor === event || descriptor === "*") return true;
  if (!descriptor.endsWith(".*")) return false;
  return `${event}.`.startsWith(descriptor.slice(0, -1));
}
