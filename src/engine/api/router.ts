import type { Access } from "./admission.js";
import { withoutSlash } from "./engine-server.js";
import { type EngineAnswer, type EngineRequest, type Refusals, refusal } from "./exchange.js";

/** HTTP methods of the engine. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** A path with its handlers. `:id` in a path stands for a number. */
export interface Route {
  readonly path: string;
  readonly access: Access;
  /** Form of its error answers. @default "plain" */
  readonly refusals?: Refusals;
  /** Whether the body of a POST may be empty. */
  readonly mayBeEmpty?: boolean;
  /**
   * Largest body of a route that takes a form with a file, in bytes, or why it is refused before it is read. Its secret is in
   * the query: a page of another origin may send forms.
   */
  readonly formLimit?: (query: URLSearchParams) => number | EngineAnswer;
  readonly methods: {
    readonly [method in Method]?: (request: EngineRequest) => EngineAnswer | Promise<EngineAnswer>;
  };
}

/** The route of a request, with the number in its path. */
export interface FoundRoute extends Route {
  readonly id: number;
}

const NUMBER = /^\d{1,15}$/;

/** Looks routes up. A slash at the end of a path makes no difference. */
export class Router {
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(routes: readonly Route[]) {
    this.#routes = new Map(routes.map((route) => [route.path, route]));
  }

  /** The route, or a 404. */
  find(path: string): FoundRoute | EngineAnswer {
    const plain = withoutSlash(path);
    const exact = this.#routes.get(plain);
    if (exact) return { ...exact, id: 0 };
    let id = 0;
    const pattern = plain
      .split("/")
      .map((part) => {
        if (id > 0 || !NUMBER.test(part)) return part;
        id = Number(part);
        return ":id";
      })
      .join("/");
    const numbered = this.#routes.get(pattern);
    if (numbered && pattern !== plain) return { ...numbered, id };
    return refusal(404, `no such path: ${path}`);
  }
}
