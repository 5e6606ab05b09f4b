/** Why the feed ended, and whether it is worth while to try again by oneself. */
export interface CloseReason {
  readonly text: string;
  readonly retries: boolean;
}

/** Codes with which a worker turns a page away for good. */
const REFUSALS: ReadonlySet<number> = new Set([4400, 4401, 4403]);
const WRONG_TOKEN = 4401;

/** @param code of a WebSocket's end. @param reason what the worker said of it. */
export function closeReason(code: number, reason: string): CloseReason {
  const retries = !REFUSALS.has(code);
  if (code === WRONG_TOKEN) {
    return { text: "wrong or missing token: open this page with ?token= and the worker's token", retries };
  }
  return { text: code >= 4400 && reason !== "" ? `refused: ${reason}` : "connection lost", retries };
}
