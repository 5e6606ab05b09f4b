// Strangers who send one unsigned request each at the same time, and again for as many seconds as it takes, a second after they
// have begun at the earliest. Prints as JSON how they were answered. Runs as a process of its own, at idle priority: what it
// takes to send that much is not to delay who measures.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [port, strangers, megabytes, seconds] = process.argv.slice(2).map(Number);
const MB = 1024 * 1024;
const block = Buffer.alloc(MB, "a");
const auth = {
  cost: 1,
  endpoint: "e",
  reqnum: 1,
  request_idx: 1,
  signature: "AAAA",
  url: "http://127.0.0.1:1",
};
const head = Buffer.from(`{"auth_data":${JSON.stringify(auth)},"payload":{"a":"`);
const tail = Buffer.from('"}}');

/** @returns the status of the answer, or why there was none. */
const send = () =>
  new Promise((resolve) => {
    let answer = "closed without an answer";
    let left = megabytes;
    const socket = connect(port, "127.0.0.1");
    const length = head.length + megabytes * MB + tail.length;
    const write = () => {
      while (left > 0) {
        left--;
        if (!socket.write(block)) return;
      }
      if (left-- === 0) socket.write(tail);
    };
    socket.on("connect", () => {
      socket.write(`POST /plain HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`);
      socket.write(head);
      write();
    });
    socket.on("drain", write);
    socket.on("data", (data) => {
      answer = data.toString("latin1", 9, 12);
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });

const answers = {};
const until = performance.now() + seconds * 1000;
while (performance.now() < until) {
  const [wave] = await Promise.all([Promise.all(Array.from({ length: strangers }, send)), sleep(1000)]);
  for (const answer of wave) answers[answer] = (answers[answer] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(answers));
