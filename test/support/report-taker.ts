import { createServer, type ServerResponse } from "node:http";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import type { OnFinished } from "./instance.js";

/** A report as received, not validated. */
export interface Posted {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Record<string, unknown>;
}

/**
 * A minimal receiver of reports, for what the local engine does not do: it keeps each report as received, and answers
 * as the test wants, by default with 200. It stops when the test is over.
 */
export async function reportTaker(
  onFinished: OnFinished,
  answer: (response: ServerResponse, posted: Posted) => void = (response) => response.end(),
) {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => {
      if (request.method !== "POST") {
        response.end();
        return;
      }
      const came = {
        path: request.url ?? "",
        contentType: request.headers["content-type"],
        body: JSON.parse(text) as Record<string, unknown>,
      };
      posted.push(came);
      answer(response, came);
    });
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onFinished(() => close(server));
  return {
    url,
    /** Every report, oldest first. */
    posted: posted as readonly Posted[],
    /** Those to one path. */
    to: (path: string): readonly Posted[] => posted.filter((each) => each.path === path),
  };
}
