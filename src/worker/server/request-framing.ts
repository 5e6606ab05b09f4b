import { type Answer, answers } from "./answer.js";

/** Most headers of a request: those that uWebSockets.js takes. */
const MAX_HEADERS = 98;

const DIGITS = /^[0-9]{1,15}$/;

/**
 * The headers that say where a request's body ends (RFC 9112 §6) and how it is coded. Two readers of the same bytes, such
 * as a proxy and this worker, must agree about them, or a second request could be hidden in the body of the first. So
 * whatever could be read in two ways is refused, on both servers alike.
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

  /** @param name in small letters. */
  readonly visit = (name: string, value: string): void => {
    this.#headers++;
    // Every request passes here, and most names have another length.
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

  /** Bytes of the body; 0 where they are not announced. */
  get contentLength(): number {
    return this.#lengths === 0 ? 0 : Number(this.#length);
  }

  get hasLength(): boolean {
    return this.#lengths > 0;
  }

  get isChunked(): boolean {
    return this.#transferCodings > 0;
  }

  /** Why the request is not served; undefined when it is. Where its end is in doubt, the answer is to close the connection. */
  get refusal(): Answer | undefined {
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

  /** The same for a request that asks for a WebSocket, which has no body: what follows its head are frames. */
  get refusalOfUpgrade(): Answer | undefined {
    if (this.contentLength > 0 || this.isChunked) return answers.malformed("expected no body");
    return this.refusal;
  }
}
