import { unpack } from "msgpackr";
import { WebSocket } from "ws";
import type { ActorRow, Frame, Hello, InspectRecord, Tick } from "../../src/inspector/recorder/frames.js";
import { eventually } from "./eventually.js";

export interface InspectClientOptions {
  readonly token?: string;
  readonly origin?: string;
  /** The `host` header, where it is another than the address. */
  readonly host?: string;
}

/** A client of an inspector: keeps all that it receives. */
export class InspectClient {
  readonly socket: WebSocket;
  readonly hellos: Hello[] = [];
  readonly ticks: Tick[] = [];
  readonly records: InspectRecord[] = [];
  readonly actors = new Map<string, ActorRow>();
  /** Events that were left out, in all. */
  leftOut = 0;
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (bytes: Buffer) => this.#take(unpack(bytes) as Frame));
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on("error", () => {});
  }

  /** @param url of the server that the inspector is on. */
  static dial(url: string, { token, origin, host }: InspectClientOptions = {}): InspectClient {
    const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
    return new InspectClient(
      new WebSocket(`${url.replace(/^http/, "ws")}/inspect/socket${query}`, {
        ...(origin !== undefined && { origin }),
        ...(host !== undefined && { headers: { host } }),
      }),
    );
  }

  /** Waits until it has received everything up to now. */
  static async connect(url: string, options: InspectClientOptions = {}): Promise<InspectClient> {
    const client = InspectClient.dial(url, options);
    await eventually(() => {
      if (client.hellos.length === 0) throw new Error(`no hello came: ${JSON.stringify(client.closed)}`);
    });
    return client;
  }

  get hello(): Hello {
    const [hello] = this.hellos;
    if (hello === undefined) throw new Error("no hello came");
    return hello;
  }

  /** The actors of this id, the newest last. */
  actor(id: string): ActorRow {
    const actor = [...this.actors.values()].filter((each) => each.id === id).at(-1);
    if (actor === undefined)
      throw new Error(`expected an actor ${id}, got ${[...this.actors.keys()].join()}`);
    return actor;
  }

  isClosed(timeoutMs = 30_000): Promise<unknown> {
    return eventually(
      () => {
        if (this.closed === undefined) throw new Error("it is open");
        return this.closed;
      },
      { timeoutMs },
    );
  }

  leave(): void {
    this.socket.terminate();
  }

  #take(frame: Frame): void {
    if (frame.type === "hello") {
      this.hellos.push(frame);
      this.actors.clear();
    } else {
      this.ticks.push(frame);
      for (const ref of frame.gone) this.actors.delete(ref);
      for (const count of Object.values(frame.leftOut)) this.leftOut += count;
    }
    for (const row of frame.actors) {
      if (frame.type === "hello" || !frame.gone.includes(row.ref)) this.actors.set(row.ref, row);
    }
    this.records.push(...frame.records);
  }
}
