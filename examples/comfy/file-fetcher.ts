import type { Payload } from "tsworker";
import { isObject } from "../checks/payload.js";

/** Largest file that is put into an answer, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Milliseconds that ComfyUI may take to hand out a file. */
const MOST_MS = 60_000;
/** ComfyUI's error for a workflow that no server can execute. */
const INVALID = /prompt_outputs_failed_validation|invalid_prompt|prompt_no_outputs|missing_node_type/;

/**
 * Gives clients their files. The wrapper leaves them on the instance, unless they were uploaded, which gives a `url`, or
 * requested as base64, which gives `data`. Where it does neither, their bytes come into the answer here.
 */
export class FileFetcher {
  readonly #addresses: readonly string[];

  /** @param addresses where ComfyUI may be. */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** Adds the files to an answer of the wrapper, plain or as a stream of events. */
  async addTo(answer: Response): Promise<Response> {
    const type = answer.headers.get("content-type") ?? "";
    if (type.startsWith("text/event-stream") && answer.body) {
      const body = ReadableStream.from(this.#withFiles(answer.body));
      return new Response(body, { status: answer.status, headers: { "content-type": type } });
    }
    if (!type.startsWith("application/json")) return answer;
    const body: unknown = await answer.json();
    if (!isObject(body)) return Response.json(body, { status: answer.status });
    // Another worker could not execute it either: the client must not try again.
    const isInvalid = answer.status === 500 && INVALID.test(String(body.message));
    return Response.json(await this.#completed(body), { status: isInvalid ? 422 : answer.status });
  }

  /** The events of a stream; the last one has the result. */
  async *#withFiles(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    let rest = "";
    for await (const piece of body) {
      const text = decoder.decode(piece, { stream: true });
      rest += text;
      if (!text.includes("\n")) continue;
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield encoder.encode(`${await this.#line(line)}\n`);
    }
    if (rest !== "") yield encoder.encode(rest);
  }

  async #line(line: string): Promise<string> {
    if (!line.startsWith("data: ") || !line.includes('"final_result"')) return line;
    const event: unknown = JSON.parse(line.slice("data: ".length));
    if (!isObject(event) || !isObject(event.result)) return line;
    return `data: ${JSON.stringify({ ...event, result: await this.#completed(event.result) })}`;
  }

  async #completed(result: Payload): Promise<Payload> {
    if (!Array.isArray(result.output)) return result;
    const output = await Promise.all(
      result.output.map(async (each: unknown) => {
        if (!isObject(each) || each.url || each.data) return each;
        return { ...each, ...(await this.#bytesOf(each)) };
      }),
    );
    return { ...result, output };
  }

  async #bytesOf(file: Payload): Promise<Readonly<Record<string, string>>> {
    const { filename, subfolder = "", type = "output" } = file;
    const query = new URLSearchParams({
      filename: String(filename),
      subfolder: String(subfolder),
      type: String(type),
    });
    let error = "ComfyUI is at none of its addresses: set COMFYUI_URL";
    for (const address of this.#addresses) {
      try {
        const response = await fetch(`${address}/view?${query}`, { signal: AbortSignal.timeout(MOST_MS) });
        const mimetype = response.headers.get("content-type") ?? "application/octet-stream";
        const length = Number(response.headers.get("content-length") ?? 0);
        if (response.ok && length <= MOST_BYTES) {
          const bytes = Buffer.from(await response.arrayBuffer());
          return { data: bytes.toString("base64"), mimetype };
        }
        await response.body?.cancel();
        error = response.ok
          ? `it has ${length} bytes, and an answer may have ${MOST_BYTES} of a file: use s3`
          : `${address}/view answered ${response.status}`;
      } catch {
        // No server is there.
      }
    }
    return { error };
  }
}
