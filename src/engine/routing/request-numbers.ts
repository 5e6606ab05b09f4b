/** The numbers that the engine gives out, all different for as long as its state lasts. */
export class RequestNumbers {
  #lastRequestIdx: number;
  #lastReqnum: number;

  constructor(last: { readonly requestIdx: number; readonly reqnum: number } = { requestIdx: 0, reqnum: 0 }) {
    this.#lastRequestIdx = last.requestIdx;
    this.#lastReqnum = last.reqnum;
  }

  get last(): { readonly requestIdx: number; readonly reqnum: number } {
    return { requestIdx: this.#lastRequestIdx, reqnum: this.#lastReqnum };
  }

  wasGiven(requestIdx: number): boolean {
    return requestIdx > 0 && requestIdx <= this.#lastRequestIdx;
  }

  nextRequestIdx(): number {
    this.#lastRequestIdx += 1;
    return this.#lastRequestIdx;
  }

  nextReqnum(): number {
    this.#lastReqnum += 1;
    return this.#lastReqnum;
  }
}
