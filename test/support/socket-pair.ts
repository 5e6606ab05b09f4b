import type { HttpStand, SentEnvelope } from "./http-stand.js";
import { type Connecting, SocketClient } from "./socket-client.js";
import { type ModelEnd, SocketModel } from "./socket-model.js";

/** A client whose request the worker has, and what it sent for that. */
export interface Sent {
  readonly client: SocketClient;
  readonly sent: SentEnvelope;
}

/** A client and the model at the two ends of a WebSocket through the worker. */
export interface Pair extends Sent {
  readonly end: ModelEnd;
}

/** Connects and sends the envelope. */
export async function send(
  stand: HttpStand,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
  connecting: Connecting = {},
): Promise<Sent> {
  const client = await SocketClient.connect(stand.worker.url + path, connecting);
  const sent = stand.envelope();
  client.send({ ...sent, ...more });
  return { client, sent };
}

/** Connects, and waits until the model has accepted. */
export async function pair(
  stand: HttpStand,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
  connecting: Connecting = {},
): Promise<Pair> {
  const accepting = new SocketModel();
  stand.model.on(path, accepting.accept);
  const { client, sent } = await send(stand, path, more, connecting);
  return { client, sent, end: await accepting.accepted() };
}
