import pino from "pino";
import type { Handler } from "../../src/worker/config/config-schema.js";
import { RouteMetrics } from "../../src/worker/metrics/route-metrics.js";
import type { Exchange } from "../../src/worker/request/exchange.js";
import { SocketExchange, type SocketRequest } from "../../src/worker/request/socket-exchange.js";
import { answers } from "../../src/worker/server/answer.js";
import { RawModel } from "./raw-model.js";
import { FakeAdmission, FakeClient, socketHandler } from "./socket-fakes.js";
import { type ModelEnd, SocketModel } from "./socket-model.js";

/** An envelope whose payload does not matter. */
export const ENVELOPE = JSON.stringify({
  auth_data: { cost: 1, endpoint: "e", reqnum: 1, request_idx: 1, signature: "s", url: "u" },
  payload: {},
});

export interface SocketFixtureOptions {
  readonly handler?: Partial<Handler>;
  readonly admission?: ConstructorParameters<typeof FakeAdmission>[1];
  readonly asked?: Partial<SocketRequest>;
  /** What the model does with a WebSocket as soon as it has accepted it. */
  readonly onAccepted?: (end: ModelEnd) => void;
}

/** A request over a fake client's WebSocket, and a real model. */
export class SocketFixture {
  readonly model: RawModel;
  readonly accepting: SocketModel;
  readonly client = new FakeClient();
  readonly admission: FakeAdmission;
  readonly metrics = new RouteMetrics("/ws");
  readonly exchange: SocketExchange;

  private constructor(model: RawModel, { handler, admission, asked, onAccepted }: SocketFixtureOptions) {
    this.model = model;
    this.accepting = new SocketModel(onAccepted);
    model.on("/ws", this.accepting.accept);
    this.admission = new FakeAdmission(pino({ enabled: false }), admission);
    const route = {
      handler: socketHandler(handler),
      modelServer: { url: `http://127.0.0.1:${model.port}`, headers: {} },
      model: undefined,
      metrics: this.metrics,
    };
    this.exchange = new SocketExchange(
      this.admission,
      route,
      { query: "", envelope: undefined, protocol: "", ...asked },
      this.client,
    );
  }

  static async start(options: SocketFixtureOptions = {}): Promise<SocketFixture> {
    return new SocketFixture(await RawModel.start(), options);
  }

  /** The client sends a message. */
  send(message: string | Buffer): void {
    this.exchange.onFrame(Buffer.from(message), typeof message !== "string");
  }

  /** Sends the envelope, and waits until the model has accepted the WebSocket and has sent `first`. */
  async open(first = "hello"): Promise<ModelEnd> {
    this.send(ENVELOPE);
    const end = await this.accepting.accepted();
    end.socket.send(first);
    return end;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.accepting.ends) socket.terminate();
    this.exchange.onClose(1006, "");
    await this.model.stop();
  }
}

/** The worker ends a request, as for a session that is closed. */
export const closeSession = (exchange: Exchange): void =>
  exchange.abort(answers.invalidSession(), "cancelled");
