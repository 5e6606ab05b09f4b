interface Followed {
  readonly told: Set<() => void>;
  readonly tell: () => void;
}

const FOLLOWED = new WeakMap<AbortSignal, Followed>();

/**
 * Calls a function when a signal is aborted; at once, where it is already.
 *
 * A signal may live as long as its program and be given to any number of requests. It gets one listener for all that
 * follow it, and none when nobody does: Node.js warns of more than ten, and `AbortSignal.any` leaves something behind
 * at the signal with each request.
 *
 * @returns what ends the following.
 */
export function follow(signal: AbortSignal, onAbort: () => void): () => void {
  if (signal.aborted) {
    onAbort();
    return () => {};
  }
  const followed = FOLLOWED.get(signal) ?? begin(signal);
  followed.told.add(onAbort);
  return () => {
    followed.told.delete(onAbort);
    if (followed.told.size === 0) end(signal, followed);
  };
}

function begin(signal: AbortSignal): Followed {
  const told = new Set<() => void>();
  const tell = (): void => {
    for (const onAbort of told) onAbort();
  };
  const followed = { told, tell };
  signal.addEventListener("abort", tell, { once: true });
  FOLLOWED.set(signal, followed);
  return followed;
}

function end(signal: AbortSignal, followed: Followed): void {
  signal.removeEventListener("abort", followed.tell);
  if (FOLLOWED.get(signal) === followed) FOLLOWED.delete(signal);
}
