import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TsworkerError } from "../../../../src/shared/errors.js";
import { ModelSocket } from "../../../../src/worker/model/socket.js";
import { eventually } from "../../../support/eventually.js";
import { type Behaviour, RawModel } from "../../../support/raw-model.js";
import { acceptBare, SocketModel } from "../../../support/socket-model.js";
import { NO_LIMITS } from "./support/listener.js";

/** Three, and what a slow machine adds; without a limit of the worker's own it would be the 30 s of `ws`. */
const FEW_SECONDS = { timeoutMs: 20_000 };

let model: RawModel;
let accepting: SocketModel;
let received: (string | number)[];
let socket: ModelSocket;

/** What it receives, in order. */
const sink = {
  onModelFrame: (frame: Buffer) => void received.push(frame.toString()),
  onModelDrain: () => {},
  onModelClosed: (code: number, reason: string) => void received.push(code, reason),
  onModelFailed: ({ code }: TsworkerError) => void received.push(code),
};

/** Connects to a model that accepts the WebSocket like this. */
async function open(accept: Behaviour = accepting.accept): Promise<void> {
  model.on("/ws", accept);
  received = [];
  socket = new ModelSocket(NO_LIMITS, sink);
  socket.open({
    server: `http://127.0.0.1:${model.port}`,
    path: "/ws",
    query: "",
    protocol: "",
    maxMessageBytes: 1024 * 1024,
  });
  await eventually(() => socket.isOpen);
}

beforeEach(async () => {
  model = await RawModel.start();
  accepting = new SocketModel();
});
afterEach(async () => {
  socket.abandon();
  await model.stop();
});

test("a ping of the model is answered, and not passed on", async () => {
  await open();
  const end = await accepting.accepted();
  let pongs = 0;
  end.socket.on("pong", () => pongs++).ping("are you there?");
  await eventually(() => pongs === 1);
  expect(received).toEqual([]);
});

describe("the model closes", () => {
  test("while it is not read: all its messages are passed on, and the close last", async () => {
    await open();
    const end = await accepting.accepted();
    socket.pause();
    end.socket.send("a");
    end.socket.send("b");
    end.socket.close(1000, "done");
    await eventually(() => end.request.socket.writableLength === 0);
    expect(received).toEqual([]);
    socket.resume();
    await eventually(() => expect(received).toEqual(["a", "b", 1000, "done"]));
  });

  test("with a handshake, but leaves the connection open: it is reported within a few seconds", async () => {
    await open(acceptBare);
    // A close frame with 1000, and nothing after it.
    model.last.socket.write(Buffer.from([0x88, 2, 0x03, 0xe8]));
    await eventually(() => expect(received).toEqual([1000, ""]), FEW_SECONDS);
    await eventually(() => expect(model.connections).toBe(0));
  });

  test("and is sent more meanwhile: that is lost, and nothing waits for ever", async () => {
    await open(acceptBare);
    model.last.socket.write(Buffer.from([0x88, 2, 0x03, 0xe8]));
    const frame = Buffer.alloc(2 ** 21);
    await eventually(() => {
      expect(socket.send(frame, true)).toBe(true);
      return received.length > 0;
    });
    expect(socket.waiting).toBe(0);
  });
});

describe("it is closed", () => {
  test("and what it sent before is there before the close", async () => {
    await open();
    const end = await accepting.accepted();
    for (let n = 0; n < 100; n++) socket.send(Buffer.from(String(n)), false);
    socket.close(3001, "bye");
    socket.send(Buffer.from("too late"), false);
    expect(await end.isClosed()).toEqual({ code: 3001, reason: "bye" });
    expect(end.messages).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    await eventually(() => expect(received).toEqual([3001, "bye"]));
  });

  test("and the model does not answer: that is reported within a few seconds", async () => {
    await open();
    const end = await accepting.accepted();
    end.socket.pause();
    socket.close(1000, "");
    const startedAt = performance.now();
    await eventually(() => expect(received).toEqual(["MODEL_UNREACHABLE"]), FEW_SECONDS);
    expect(performance.now() - startedAt).toBeGreaterThan(2000);
  });

  test("and the model, which reads slowly, gets all it was sent, as long as it reads", async () => {
    await open();
    const end = await accepting.accepted();
    const { socket: connection } = end.request;
    end.socket.pause();
    const frame = Buffer.alloc(512 * 1024, "a");
    for (let n = 0; n < 60; n++) socket.send(frame, true);
    socket.close(1000, "");
    // A tenth of it every half second: the whole takes longer than a model has that reads nothing.
    const timer = setInterval(() => {
      end.socket.resume();
      const goal = connection.bytesRead + 3 * 1024 * 1024;
      const stop = (): void => {
        if (connection.bytesRead < goal) return;
        connection.off("data", stop);
        end.socket.pause();
      };
      connection.on("data", stop);
    }, 500);
    await end.isClosed();
    clearInterval(timer);
    expect(end.messages).toHaveLength(60);
    expect(end.closed?.code).toBe(1000);
  });
});
