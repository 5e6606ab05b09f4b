import type { IncomingMessage } from "node:http";
import type { RequestHead } from "../http-server.js";

const BEYOND_ASCII = /[\x80-\xff]/;

/** The head of a request: of several headers with one name the first takes precedence. */
export class NodeRequestHead implements RequestHead {
  readonly #raw: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly contentLength: number;

  constructor({ method = "", rawHeaders, headers }: IncomingMessage, path: string, query: string) {
    this.#raw = rawHeaders;
    this.path = path;
    this.method = method;
    this.query = query;
    this.contentLength = Number(headers["content-length"]) || 0;
  }

  header(name: string): string {
    const raw = this.#raw;
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const each = raw[index];
      if (each?.length === name.length && each.toLowerCase() === name) return textOf(raw[index + 1]);
    }
    return "";
  }

  forEachHeader(visit: (name: string, value: string) => void): void {
    const raw = this.#raw;
    for (let index = 0; index + 1 < raw.length; index += 2) {
      visit(raw[index]?.toLowerCase() ?? "", textOf(raw[index + 1]));
    }
  }
}

/** Node.js decodes headers as latin1; clients that send more than ASCII send UTF-8. */
function textOf(value = ""): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value, "latin1").toString() : value;
}

/** Splits the target of a request into its path, and the query without the question mark. */
export function pathOf(target = ""): readonly [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}
