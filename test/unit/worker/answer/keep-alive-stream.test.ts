import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KeepAliveStream } from "../../../../src/worker/answer/keep-alive-stream.js";
import { answers } from "../../../../src/worker/server/answer.js";
import type {
  BodyWriter,
  Responder,
  ResponseHead,
  WriterSink,
} from "../../../../src/worker/server/http-server.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  // No timer is left behind, whatever the stream came to.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const COMMENT = ": keep-alive\n\n";
const EVENTS: ResponseHead = {
  status: 200,
  headers: ["Content-Type", "text/event-stream", "x-model", "a"],
  isAscii: true,
};
const json = (status = 200): ResponseHead => ({
  status,
  headers: ["content-type", "application/json"],
  isAscii: true,
});

/** A client that keeps what it receives, and reads when the test allows it. */
class Client implements Responder {
  head: ResponseHead | undefined;
  text = "";
  end: "ended" | "closed" | "answered" | undefined;
  reads = true;
  sink: WriterSink | undefined;

  receive(): void {}
  pause(): void {}
  resume(): void {}
  refuse(): void {}

  answer(head: ResponseHead, body: Buffer | string = ""): void {
    this.head = head;
    this.text += body.toString();
    this.end = "answered";
  }
  begin(head: ResponseHead, _length: number | undefined, sink: WriterSink): BodyWriter {
    if (this.head !== undefined) throw new Error("a second head");
    this.head = head;
    this.sink = sink;
    return {
      write: (piece) => {
        if (this.end !== undefined) throw new Error("a piece after the end");
        this.text += piece.toString();
        return this.reads;
      },
      end: () => {
        this.end = "ended";
      },
      close: () => {},
    };
  }
  close(): void {
    this.end = "closed";
  }
}

const sinkOf = () => ({ onDrain: vi.fn(), onFinish: vi.fn() });

function kept(route = "/v1/completions", addsStreamHeaders = true) {
  const client = new Client();
  return { client, stream: new KeepAliveStream(client, { route, keepAliveMs: 1000, addsStreamHeaders }) };
}

describe("before the model answers", () => {
  test("nothing goes out until a comment is due, which takes the head with it", () => {
    const { client, stream } = kept();
    vi.advanceTimersByTime(999);
    expect(client.head).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(client.head).toEqual({
      status: 200,
      headers: [
        ...["content-type", "text/event-stream; charset=utf-8"],
        ...["cache-control", "no-cache", "x-accel-buffering", "no"],
      ],
      isAscii: true,
    });
    expect(client.text).toBe(COMMENT);
    vi.advanceTimersByTime(2000);
    expect(client.text).toBe(COMMENT.repeat(3));
    stream.stop();
    vi.advanceTimersByTime(5000);
    expect(client.text).toBe(COMMENT.repeat(3));
  });

  test("the headers against buffering can be left out", () => {
    const { client, stream } = kept("/go", false);
    vi.advanceTimersByTime(1000);
    expect(client.head?.headers).toEqual(["content-type", "text/event-stream; charset=utf-8"]);
    stream.stop();
  });

  test("an answer in time is passed on as it is", () => {
    const { client, stream } = kept();
    stream.answer(json(500), '{"error":"x"}');
    expect({ head: client.head, text: client.text, end: client.end }).toEqual({
      head: json(500),
      text: '{"error":"x"}',
      end: "answered",
    });
    expect(stream.fail(answers.workerFailed())).toBe(false);
  });

  test("an answer in pieces that is no stream of events has no comments in it", () => {
    const { client, stream } = kept();
    const writer = stream.begin(json(), 100, sinkOf());
    writer.write(Buffer.from("{"));
    vi.advanceTimersByTime(5000);
    expect({ head: client.head, text: client.text }).toEqual({ head: json(), text: "{" });
  });
});

describe("among the events of the model", () => {
  test("comments fill its silences, and wait for the end of an event", () => {
    const { client, stream } = kept();
    const writer = stream.begin(EVENTS, undefined, sinkOf());
    expect(client.head).toBe(EVENTS);
    writer.write(Buffer.from("data: 1\n\n"));
    vi.advanceTimersByTime(999);
    writer.write(Buffer.from("data: 2\n"));
    vi.advanceTimersByTime(5000);
    expect(client.text).toBe("data: 1\n\ndata: 2\n");
    writer.write(Buffer.from("\n"));
    vi.advanceTimersByTime(1000);
    expect(client.text).toBe(`data: 1\n\ndata: 2\n\n${COMMENT}`);
    writer.end();
    expect(client.end).toBe("ended");
  });

  test("they follow a head that was sent early, which they share", () => {
    const { client, stream } = kept();
    const sink = sinkOf();
    vi.advanceTimersByTime(1000);
    const writer = stream.begin(EVENTS, undefined, sink);
    writer.write(Buffer.from("data: 1\n\n"));
    writer.end();
    client.sink?.onFinish();
    expect(client.text).toBe(`${COMMENT}data: 1\n\n`);
    expect(sink.onFinish).toHaveBeenCalledOnce();
  });

  test("none is added for a client that does not read, and the model waits for it", () => {
    const { client, stream } = kept();
    const sink = sinkOf();
    const writer = stream.begin(EVENTS, undefined, sink);
    client.reads = false;
    expect(writer.write(Buffer.from("data: 1\n\n"))).toBe(false);
    vi.advanceTimersByTime(60_000);
    expect(client.text).toBe("data: 1\n\n");
    client.reads = true;
    client.sink?.onDrain();
    expect(sink.onDrain).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1000);
    expect(client.text).toBe(`data: 1\n\n${COMMENT}`);
    stream.stop();
  });

  test("one comment at most waits for a client that does not read", () => {
    const { client, stream } = kept();
    client.reads = false;
    vi.advanceTimersByTime(60_000);
    expect(client.text).toBe(COMMENT);
    stream.stop();
  });

  test("compressed ones are passed on as they are", () => {
    const { client, stream } = kept();
    stream.begin({ ...EVENTS, headers: [...EVENTS.headers, "content-encoding", "gzip"] }, 10, sinkOf());
    vi.advanceTimersByTime(5000);
    expect(client.text).toBe("");
  });
});

describe("a failure", () => {
  test.each([
    [
      "/v1/completions",
      'data: {"error":{"message":"the worker failed to handle the request","type":"server_error","code":500}}\n\ndata: [DONE]\n\n',
    ],
    [
      "/generate_stream",
      'event: error\ndata: {"error":"the worker failed to handle the request","error_type":"generation"}\n\n',
    ],
    [
      "/v1/messages",
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"the worker failed to handle the request"}}\n\n',
    ],
  ])("at %s is an event in the shape of its server", (route, event) => {
    const { client, stream } = kept(route);
    vi.advanceTimersByTime(1000);
    expect(stream.fail(answers.workerFailed())).toBe(true);
    expect({ text: client.text, end: client.end }).toEqual({ text: COMMENT + event, end: "ended" });
  });

  test("between two events is one, too, and the source of the answer is not called any more", () => {
    const { client, stream } = kept();
    const sink = sinkOf();
    const writer = stream.begin(EVENTS, undefined, sink);
    writer.write(Buffer.from("data: 1\n\n"));
    writer.close();
    expect(stream.fail(answers.stopped())).toBe(true);
    client.sink?.onFinish();
    expect(client.text).toMatch(
      /^data: 1\n\ndata: \{"error":\{"message":"the worker stopped .*\[DONE\]\n\n$/s,
    );
    expect(sink.onFinish).not.toHaveBeenCalled();
    // What the model still sent.
    expect(writer.write(Buffer.from("data: 2\n\n"))).toBe(true);
  });

  test("in the middle of an event cannot be reported", () => {
    const { client, stream } = kept();
    stream.begin(EVENTS, undefined, sinkOf()).write(Buffer.from("data: 1"));
    expect(stream.fail(answers.stopped())).toBe(false);
    stream.close();
    expect({ text: client.text, end: client.end }).toEqual({ text: "data: 1", end: "closed" });
  });

  test("nor after the end", () => {
    const { stream } = kept();
    stream.begin(EVENTS, undefined, sinkOf()).end();
    expect(stream.fail(answers.stopped())).toBe(false);
  });
});

describe("an answer that is no stream, after the head was sent early", () => {
  /** What the client gets of it behind the comment, whole and in pieces. */
  const reported = (head: ResponseHead, body: string, route?: string): string => {
    const texts = [
      (stream: KeepAliveStream) => stream.answer(head, body),
      (stream: KeepAliveStream) => {
        const writer = stream.begin(head, undefined, sinkOf());
        for (const piece of body.match(/.{1,3}/gs) ?? []) writer.write(Buffer.from(piece));
        writer.end();
      },
    ].map((send) => {
      const { client, stream } = kept(route);
      vi.advanceTimersByTime(1000);
      send(stream);
      expect(client.end).toBe("ended");
      return client.text.slice(COMMENT.length);
    });
    expect(texts[1]).toBe(texts[0]);
    return texts[0] ?? "";
  };

  test("is one event where it is JSON", () => {
    expect(reported(json(), '{"n":1}')).toBe('data: {"n":1}\n\ndata: [DONE]\n\n');
    expect(reported(json(), '{\n  "n": 12345678901234567890\r\n}')).toBe(
      'data: {\ndata:   "n": 12345678901234567890\ndata: }\n\ndata: [DONE]\n\n',
    );
  });

  test.each([
    [
      "an error of the family",
      json(404),
      '{"error":{"message":"no model","code":404}}',
      '{"error":{"message":"no model","code":404}}',
    ],
    [
      "an error in an object",
      json(400),
      '{"object":"error","message":"too long"}',
      '{"error":{"message":"too long","type":"invalid_request_error","code":400}}',
    ],
    [
      "a detail",
      json(422),
      '{"detail":"bad"}',
      '{"error":{"message":"bad","type":"invalid_request_error","code":422}}',
    ],
    [
      "a text",
      { status: 500, headers: ["content-type", "text/plain"], isAscii: true },
      "Oh no",
      '{"error":{"message":"Oh no","type":"server_error","code":500}}',
    ],
    [
      "nothing",
      json(503),
      "",
      '{"error":{"message":"the model answered 503","type":"server_error","code":503}}',
    ],
  ])("is the event of an error where the model refused with %s", (_, head, body, data) => {
    expect(reported(head, body)).toBe(`data: ${data}\n\ndata: [DONE]\n\n`);
  });

  test("is the error of the other families in their shapes", () => {
    expect(reported(json(429), '{"error":"busy","error_type":"overloaded"}', "/generate_stream")).toBe(
      'event: error\ndata: {"error":"busy","error_type":"overloaded"}\n\n',
    );
    expect(reported(json(400), '{"detail":"bad"}', "/v1/messages")).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"invalid_request_error","message":"bad"}}\n\n',
    );
  });

  test.each(["audio/mpeg", "application/x-ndjson", ""])("is refused where it is %s", (type) => {
    const { client, stream } = kept();
    vi.advanceTimersByTime(1000);
    const head = { status: 200, headers: type ? ["content-type", type] : [], isAscii: true };
    expect(() => stream.begin(head, undefined, sinkOf())).toThrow("expected events or JSON");
    expect(() => stream.answer(head, "x")).toThrow("expected events or JSON");
    expect(stream.fail(answers.workerFailed())).toBe(true);
    expect(client.end).toBe("ended");
  });

  test("is refused where it is too large", () => {
    const { stream } = kept();
    vi.advanceTimersByTime(1000);
    const writer = stream.begin(json(), undefined, sinkOf());
    const piece = Buffer.alloc(1024 * 1024, "1");
    expect(() => {
      for (let n = 0; n < 17; n++) writer.write(piece);
    }).toThrow("no stream");
    expect(stream.fail(answers.workerFailed())).toBe(true);
  });
});
