import { answers, type WorkerAnswer } from "./answer.js";

/** Headers of a request: the limit of uWebSockets.js. */
const MAX_HEADERS = 98;

const DIGITS = /^[0-9]{1,15}$/;

/**
 * Checks the headers that determine where a request's body ends (RFC 9112 §6) and how it is coded. A proxy and this worker
 * must agree about them, or a second request could be hidden in the body of the first (request smuggling). So ambiguous
 * headers are refused, on both servers alike.
 *
 * One instance reads the requests of a server one after the other: {@link begin}, {@link visit} per header, {@link refusal}.
 */
export class RequestFraming {
  #headers = 0;
  #hosts = 0;
  #lengths = 0;
  #length = "";
  #transferCodings = 0;
  #transferCoding = "";
  #contentCoding = "";

  begin(): void {
    this.#headers = 0;
    this.#hosts = 0;
    this.#lengths = 0;
    this.#length = "";
    this.#transferCodings = 0;
    this.#transferCoding = "";
    this.#contentCoding = "";
  }

  /** @param name in lower case. */
  readonly visit = (name: string, value: string): void => {
    this.#headers++;
    // On the request path: most names are excluded by their length.
    switch (name.length) {
      case 4:
        if (name === "host") this.#hosts++;
        return;
      case 14:
        if (name !== "content-length") return;
        this.#lengths++;
        this.#length = value;
        return;
      case 16:
        if (name === "content-encoding") this.#contentCoding = value;
        return;
      case 17:
        if (name !== "transfer-encoding") return;
        this.#transferCodings++;
        this.#transferCoding = value;
        return;
      default:
    }
  };

  /** Bytes of the body; 0 without `content-length`. */
  get contentLength(): number {
    return this.#lengths === 0 ? 0 : Number(this.#length);
  }

  get hasLength(): boolean {
    return this.#lengths > 0;
  }

  get isChunked(): boolean {
    return this.#transferCodings > 0;
  }

  /** Why the request is not served; undefined when it is. Where its end is ambiguous, the answer closes the connection. */
  get refusal(): WorkerAnswer | undefined {
    if (this.#headers > MAX_HEADERS) return answers.tooManyHeaders(MAX_HEADERS);
    if (this.#hosts !== 1) return answers.malformed("expected one Host header");
    if (this.#lengths > 0) {
      if (this.#lengths > 1) return answers.malformed("expected one Content-Length header");
      if (!DIGITS.test(this.#length))
        return answers.malformed("expected a number of bytes as Content-Length");
      if (this.#transferCodings > 0) {
        return answers.malformed("expected Content-Length or Transfer-Encoding, got both");
      }
    }
    if (this.#transferCodings > 0) {
      if (this.#transferCodings > 1 || this.#transferCoding.trim().toLowerCase() !== "chunked") {
        return answers.malformed("expected no other Transfer-Encoding than chunked");
      }
    }
    if (this.#contentCoding !== "" && this.#contentCoding.toLowerCase() !== "identity") {
      return answers.codedBody();
    }
    return undefined;
  }

  /** The same for a WebSocket handshake: it may have no body, because frames follow its head. */
  get refusalOfUpgrade(): WorkerAnswer | undefined {
    if (this.contentLength > 0 || this.isChunked) return answers.malformed("expected no body");
    return this.refusal;
  }
}
