// The floor of the request path: uWebSockets.js in, node:net out, and nothing that can be left out. No queue, no actors,
// no reports, no limits, no errors: to compare with, never to be used.
// MODE=bare passes bytes on. MODE=parse parses the envelope and looks its signature up, and sends the payload.

import { App } from "uWebSockets.js";
import { connect } from "node:net";

const { PORT, MODEL_PORT, MODE } = process.env;
const verified = new Set();
/** Connections to the model that are not in use. */
const idle = [];
/** Memory that is used again: new pages cost more than the bytes in them. uWebSockets.js reads 512 KiB at once. */
const PIECE_BYTES = 512 * 1024;
const buffers = [];
/** Buffers of gathered bodies by their length. */
const bodies = new Map();
const received = Buffer.allocUnsafeSlow(64 * 1024);

/** The text of the payload: the last member of an envelope whose signature is known. */
function payloadOf(text) {
  const { auth_data: auth } = JSON.parse(text);
  const signed = auth.url + auth.signature;
  if (!verified.has(signed)) verified.add(signed);
  return text.slice(text.indexOf("{", text.indexOf('"payload"')), -1);
}

/** A connection to the model, with one exchange at a time. */
class Connection {
  #client = undefined;
  /** The answer is chunked. */
  #streams = false;
  /** The part of a chunk that is there, while the chunk is incomplete. */
  #rest = "";
  #socket = connect({
    host: "127.0.0.1",
    port: Number(MODEL_PORT),
    noDelay: true,
    onread: { buffer: received, callback: (length) => this.#read(length) },
  });

  begin(client, url, length, body) {
    this.#client = client;
    const head = `POST ${url} HTTP/1.1\r\nhost: model\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    this.#socket.write(head + body, "latin1");
  }

  /** Sends a piece of the body that is only there until this function returns. */
  sendCopy(piece) {
    const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    const copy = buffer.subarray(0, piece.copy(buffer));
    this.#socket.write(copy, () => buffers.push(buffer));
  }

  /** Sends bytes that stay as they are. */
  send(bytes, whenSent) {
    this.#socket.write(bytes, whenSent);
  }

  #read(length) {
    const text = received.latin1Slice(0, length);
    if (this.#streams) this.#relay(text);
    else this.#answered(text);
    return true;
  }

  /** Takes the head of an answer, and the body that came with it: the models of the benchmark write both at once. */
  #answered(text) {
    const end = text.indexOf("\r\n\r\n");
    const body = text.slice(end + 4);
    this.#streams = /transfer-encoding: chunked/i.test(text.slice(0, end));
    if (this.#streams) return this.#relay(body);
    const client = this.#client;
    idle.push(this);
    if (client.isGone) return;
    client.cork(() => {
      client.writeHeader("content-type", "application/json");
      client.end(body);
    });
  }

  #relay(text) {
    const client = this.#client;
    const chunks = this.#rest + text;
    let at = 0;
    let data = "";
    let hasEnded = false;
    while (!hasEnded) {
      const line = chunks.indexOf("\r\n", at);
      if (line === -1) break;
      const size = Number.parseInt(chunks.slice(at, line), 16);
      const next = line + 2 + size + 2;
      if (next > chunks.length) break;
      data += chunks.slice(line + 2, next - 2);
      hasEnded = size === 0;
      at = next;
    }
    this.#rest = chunks.slice(at);
    if (hasEnded) {
      this.#streams = false;
      idle.push(this);
    }
    if (client.isGone) return;
    client.cork(() => {
      if (hasEnded) client.end(data);
      else if (data !== "") client.write(data);
    });
  }
}

/** Passes a body on while it comes. */
function pass(response, url, length) {
  const connection = idle.pop() ?? new Connection();
  let hasBegun = false;
  response.onData((data, isLast) => {
    const piece = Buffer.from(data);
    if (isLast && !hasBegun) return connection.begin(response, url, length, piece.latin1Slice());
    if (!hasBegun) connection.begin(response, url, length, "");
    hasBegun = true;
    connection.sendCopy(piece);
  });
}

/** Gathers a body, and sends its payload. */
function parse(response, url, length) {
  let gathered;
  let size = 0;
  response.onData((data, isLast) => {
    const piece = Buffer.from(data);
    if (isLast && size === 0) {
      const payload = payloadOf(piece.latin1Slice());
      return (idle.pop() ?? new Connection()).begin(response, url, payload.length, payload);
    }
    gathered ??= bodies.get(length)?.pop() ?? Buffer.allocUnsafeSlow(length);
    size += piece.copy(gathered, size);
    if (isLast) sendGathered(response, url, gathered);
  });
}

/** Sends the payload of a long body without another copy, and keeps its memory for the next one of this length. */
function sendGathered(response, url, body) {
  const { length } = payloadOf(body.latin1Slice());
  const connection = idle.pop() ?? new Connection();
  connection.begin(response, url, length, "");
  connection.send(body.subarray(-1 - length, -1), () => {
    bodies.set(body.length, [...(bodies.get(body.length) ?? []), body]);
  });
}

App()
  .post("/*", (response, request) => {
    response.onAborted(() => {
      response.isGone = true;
    });
    const url = request.getUrl();
    const length = Number(request.getHeader("content-length"));
    if (MODE === "parse") parse(response, url, length);
    else pass(response, url, length);
  })
  .listen("127.0.0.1", Number(PORT), (socket) => {
    if (socket === false) process.exit(1);
  });
