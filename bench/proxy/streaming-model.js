// A model that streams server-sent events, and that reads long bodies and answers briefly.
// A request has the number of its events, and of those a second: "events":1000,"rate":200.
import { App } from "uWebSockets.js";

/** One event, as model servers write a token. The @ is what a client counts. */
const EVENT =
  'data: {"id":"cmpl-1","object":"text_completion","model":"m","choices":[{"index":0,"text":" word@"}]}\n\n';
/** How often all streams are served, in ms. */
const TICK_MS = 5;
const streams = new Set();

function sendEvents() {
  const now = performance.now();
  for (const stream of streams) {
    if (now < stream.nextAt) continue;
    stream.nextAt += stream.every;
    stream.left--;
    stream.response.cork(() => {
      if (stream.left > 0) stream.response.write(EVENT);
      else stream.response.end(EVENT);
    });
    if (stream.left === 0) streams.delete(stream);
  }
}
setInterval(sendEvents, TICK_MS);

/** The number behind a name in the text of a body: an envelope, or only its payload. */
const numberIn = (text, name) => Number(new RegExp(`"${name}":(\\d+)`).exec(text)?.[1]);

function stream(response) {
  let body = "";
  response.onAborted(() => {
    streams.delete(response.stream);
  });
  response.onData((piece, isLast) => {
    body += Buffer.from(piece).latin1Slice();
    if (!isLast) return;
    const every = 1000 / numberIn(body, "rate");
    response.stream = { response, left: numberIn(body, "events"), every, nextAt: performance.now() + every };
    streams.add(response.stream);
    response.cork(() => {
      response.writeHeader("content-type", "text/event-stream");
      response.write(": begins\n\n");
    });
  });
}

function answer(response) {
  let isGone = false;
  response.onAborted(() => {
    isGone = true;
  });
  response.onData((_, isLast) => {
    if (!isLast || isGone) return;
    response.cork(() => {
      response.writeHeader("content-type", "application/json");
      response.end('{"object":"list","data":[]}');
    });
  });
}

App()
  .get("/health", (response) => response.end("ok"))
  .post("/v1/stream", stream)
  .post("/*", answer)
  .listen("127.0.0.1", Number(process.env.PORT), (socket) => {
    if (socket === false) process.exit(1);
  });
