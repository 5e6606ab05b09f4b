import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that the system gives away by itself: another test would get the same one before the worker listens. */
const FIRST_PORT = 10_000;
/** Tests that run at the same time have a block each: a stray request of one is not to reach a worker of another. */
const PORTS_PER_BLOCK = 3500;
const BLOCKS = 6;
const block = Number(process.env.VITEST_POOL_ID ?? process.pid) % BLOCKS;
/** Those that run one after the other begin at different places of it, for the same reason. */
let next = (process.pid * 101) % PORTS_PER_BLOCK;

/** A free port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + block * PORTS_PER_BLOCK + (next++ % PORTS_PER_BLOCK);
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

/** The lower one of two neighbouring free ports. */
export async function freeNeighbours(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if ((await freePort()) === port + 1) return port;
  }
}
