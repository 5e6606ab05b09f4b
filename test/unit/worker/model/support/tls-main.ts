import { setTimeout as sleep } from "node:timers/promises";
import { ask, Listener, LoneClient } from "./listener.js";

/** Sends the TLS model in `MODEL` a few requests and prints the answers; trust comes from `NODE_EXTRA_CA_CERTS`. */
const client = new LoneClient(process.env.MODEL ?? "");
const texts: string[] = [];
for (let round = 0; round < 3; round++) texts.push((await ask(client, "/", "{}")).text);

let pauses = 0;
const large = await ask(client, "/large", "{}", {
  onData: (_, { resume }) => {
    pauses++;
    setImmediate(resume);
    return false;
  },
});

const paused = new Listener({ onData: () => false });
client.post("/large", "{}", paused);
while (paused.size === 0) await sleep(1);
// The model's answer is far from over, and yet nothing more is passed on.
const size = paused.size;
await sleep(200);
const afterPause = paused.size - size;
client.close();
console.log(
  JSON.stringify({ texts, large: large.size, pauses: pauses > 100, afterPause, received: large.received }),
);
