// The engine of a benchmark: serves the public key, reads reports and answers them at once. Counts what it receives.
import { App } from "uWebSockets.js";

const key = process.env.PUBLIC_KEY ?? "";
const received = { reports: 0, bytes: 0 };

App()
  .get("/pubkey/", (response) => response.end(key))
  .get("/received", (response) => response.end(JSON.stringify(received)))
  .post("/*", (response) => {
    response.onAborted(() => {});
    response.onData((piece, isLast) => {
      received.bytes += piece.byteLength;
      if (!isLast) return;
      received.reports++;
      response.end("{}");
    });
  })
  .listen("127.0.0.1", Number(process.env.PORT), (socket) => {
    if (socket === false) process.exit(1);
  });
