import { eventually } from "./eventually.js";
import { type Behaviour, type ModelRequest, plain } from "./raw-model.js";

/** A model that holds each request until the test lets it go, and knows who was there when. */
export class Turns {
  /** Payloads' `n`, in the order in which they came to the model. */
  readonly order: number[] = [];
  /** The most that were there at once. */
  most = 0;
  readonly #held = new Map<number, { readonly request: ModelRequest; readonly forget: () => void }>();

  /** Deals with a request: `{ n }` is its number. */
  readonly hold: Behaviour = (request) => {
    const { socket, body } = request;
    const { n } = JSON.parse(body.toString()) as { readonly n: number };
    const gone = (): void => {
      this.#held.delete(n);
      forget();
    };
    // The end of the worker's data comes before `close`, and no connection is half closed here.
    const forget = (): void => void socket.off("end", gone).off("close", gone);
    socket.on("end", gone).on("close", gone);
    this.order.push(n);
    this.#held.set(n, { request, forget });
    this.most = Math.max(this.most, this.#held.size);
  };

  /** Numbers of the requests that are there, in ascending order: those that set out together may overtake. */
  get held(): readonly number[] {
    return [...this.#held.keys()].sort((a, b) => a - b);
  }

  /** Waits until exactly these are there. */
  async areHeld(...numbers: readonly number[]): Promise<void> {
    await eventually(() => {
      if (this.held.join() === numbers.join()) return;
      throw new Error(`expected ${numbers.join()} at the model, there are ${this.held.join()}`);
    });
  }

  /** Answers a request that is there with its number. */
  release(n: number): void {
    const held = this.#held.get(n);
    if (held === undefined) throw new Error(`request ${n} is not at the model`);
    this.#held.delete(n);
    held.forget();
    void plain({ body: String(n) })(held.request);
  }
}
