import { type Connecting, SocketClient } from "./socket-client.js";
import { type ModelEnd, SocketModel } from "./socket-model.js";
import type { SentEnvelope, WorkerFixture } from "./worker-fixture.js";

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
  fixture: WorkerFixture,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
  connecting: Connecting = {},
): Promise<Sent> {
  const client = await SocketClient.connect(fixture.worker.url + path, connecting);
  const sent = fixture.envelope();
  client.send({ ...sent, ...more });
  return { client, sent };
}

/** Connects, and waits until the model has accepted. */
export async function pair(
  fixture: WorkerFixture,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
  connecting: Connecting = {},
): Promise<Pair> {
  const accepting = new SocketModel();
  fixture.model.on(path, accepting.accept);
  const { client, sent } = await send(fixture, path, more, connecting);
  return { client, sent, end: await accepting.accepted() };
}
