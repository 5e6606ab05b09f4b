import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that the system gives away by itself: another test would get the same one before the worker listens. */
const FIRST_PORT = 10_000;
/** Each test process has a block of its own. */
const PORTS_PER_BLOCK = 100;
const BLOCKS = 220;
let portsTried = 0;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + (process.pid % BLOCKS) * PORTS_PER_BLOCK + (portsTried++ % PORTS_PER_BLOCK);
    const server = createServer().listen(port);
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** The lower one of two neighbouring ports that nobody listens on. */
export async function freeNeighbours(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if ((await freePort()) === port + 1) return port;
  }
}
