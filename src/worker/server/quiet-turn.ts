import { setImmediate as nextTurn } from "node:timers/promises";

/** Turns of the event loop after which it is no longer waited for a quiet one. */
const MAX_TURNS = 100;

/**
 * Settles after a turn of the event loop in which no connection was accepted. A connection that waits to be accepted is
 * reset when its port closes, and `node:http` accepts one per turn.
 *
 * @param accepted connections accepted so far.
 */
export async function quietTurn(accepted: () => number): Promise<void> {
  for (let turn = 0, before = -1; turn < MAX_TURNS && accepted() !== before; turn++) {
    before = accepted();
    await nextTurn();
  }
}
