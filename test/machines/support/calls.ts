import { fromPromise, type NonReducibleUnknown } from "xstate";
import { settled } from "./settled.js";

interface Call<TOutput, TInput> {
  readonly input: TInput;
  /** Aborted when the machine no longer waits for the answer. */
  readonly signal: AbortSignal;
  readonly resolve: (output: TOutput) => void;
  readonly reject: (error: Error) => void;
}

/** A fake of an actor that does I/O: it keeps every call, and the test ends each one. */
export class Calls<TOutput, TInput = NonReducibleUnknown> {
  readonly all: Call<TOutput, TInput>[] = [];
  #unanswered: Call<TOutput, TInput>[] = [];
  /** Answers each call at once, where it is set. */
  answer: ((input: TInput) => TOutput) | undefined;

  readonly logic = fromPromise<TOutput, TInput>(({ input, signal }) => {
    const { promise, ...settle } = withResolvers<TOutput>();
    const call = { input, signal, ...settle };
    this.all.push(call);
    if (this.answer !== undefined) call.resolve(this.answer(input));
    else this.#unanswered.push(call);
    return promise;
  });

  /** Number of calls so far. */
  get count(): number {
    return this.all.length;
  }

  /** The oldest call that was not answered yet succeeds. */
  async succeed(output: TOutput): Promise<void> {
    this.#next().resolve(output);
    await settled();
  }

  /** The oldest call that was not answered yet fails. @param more what its error carries. */
  async fail(message = "it failed", more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#next().reject(Object.assign(new Error(message), more));
    await settled();
  }

  #next(): Call<TOutput, TInput> {
    this.#unanswered = this.#unanswered.filter(({ signal }) => !signal.aborted);
    const call = this.#unanswered.shift();
    if (call === undefined) throw new Error("expected a call that waits for an answer");
    return call;
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
