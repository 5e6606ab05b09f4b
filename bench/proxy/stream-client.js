// Opens streams at the same time, counts their events and prints what came as JSON. As cheap as it can be, because it shares
// its core with the model. An event is counted by the one @ in it; a stream is lost when it ends before all have come.
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const [port, path, bodyFile, streams, events] = process.argv.slice(2);
const body = readFileSync(bodyFile, "latin1");
const expected = Number(events);
const buffer = Buffer.allocUnsafeSlow(64 * 1024);
const AT = "@".charCodeAt(0);
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Resolves to the events of one stream, when it has ended. */
const stream = () =>
  new Promise((resolve) => {
    let count = 0;
    let hasBegun = false;
    const read = (length) => {
      const piece = buffer.subarray(0, length);
      if (!hasBegun && !piece.latin1Slice(0, 12).endsWith(" 200")) socket.destroy();
      hasBegun = true;
      for (let at = piece.indexOf(AT); at !== -1; at = piece.indexOf(AT, at + 1)) count++;
      if (count >= expected && piece.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) socket.destroy();
      return true;
    };
    const socket = connect({
      port: Number(port),
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer, callback: read },
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(count));
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });

const began = performance.now();
const counts = await Promise.all(Array.from({ length: Number(streams) }, stream));
const seconds = (performance.now() - began) / 1000;
const sum = counts.reduce((total, count) => total + count, 0);
process.stdout.write(
  JSON.stringify({ events: sum, seconds, lost: counts.filter((count) => count !== expected).length }),
);
