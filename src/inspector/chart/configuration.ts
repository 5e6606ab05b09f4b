import { allStates } from "./all-states.js";
import type { Chart, ChartEdge, ChartState } from "./chart.js";

/** Paths of the states that are active at once. */
export type Configuration = ReadonlySet<string>;

/** Knows what a chart's machine is in after an edge, whatever its guards say. */
export class Configurations {
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

  /** The states that are entered on the way from one to another within it, and there. */
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

/** A path's states from the root on, without itself. */
export function ancestors(path: string): readonly string[] {
  if (path === "") return [];
  const keys = path.split(".");
  return keys.map((_, index) => keys.slice(0, index).join("."));
}

/** A path is of a state within another one. */
export const isWithin = (path: string, other: string): boolean =>
  path !== other && (other === "" || path.startsWith(`${other}.`));

/** The innermost state that holds both, or is one of them. */
function commonAncestor(one: string, other: string): string {
  const all = [...ancestors(other), other];
  return [...ancestors(one), one].findLast((path) => all.includes(path)) ?? "";
}
