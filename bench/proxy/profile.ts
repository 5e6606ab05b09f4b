import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A part of the worker and the share of its CPU time that was spent in it. */
export interface Share {
  readonly part: string;
  /** From 0 to 1, idle time left out. */
  readonly share: number;
}

/** To which part of the worker a function belongs, by the file that has it. */
function partOf({ functionName, url }: CpuProfile["nodes"][number]["callFrame"]): string | undefined {
  if (functionName === "(idle)") return undefined;
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName === "(program)")
    return "native code outside of JavaScript (event loop, sockets of uWebSockets.js)";
  if (url.includes("/xstate/")) return "xstate (mailboxes)";
  if (url.includes("/nanoid/")) return "nanoid (request ids)";
  if (url.includes("/lru-cache/")) return "lru-cache (verified signatures)";
  if (url.includes("/machines/")) return "machines/ (queue)";
  const own = /\/(src\/(?:worker\/)?[a-z]+)\//.exec(url) ?? /\/(src\/worker)\//.exec(url);
  if (own !== null && url.startsWith("file:")) return own[1];
  if (url.startsWith("node:"))
    return `Node.js (${url.slice("node:".length).replace("internal/", "").split("/")[0]})`;
  return url === "" ? `built-in: ${functionName || "anonymous"}` : "other";
}

/** Reads the one profile that a process left in a directory. */
export async function readShares(directory: string): Promise<readonly Share[]> {
  const file = (await readdir(directory)).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`expected a .cpuprofile in ${directory}`);
  const { nodes, samples, timeDeltas } = JSON.parse(
    await readFile(join(directory, file), "utf8"),
  ) as CpuProfile;
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const part = parts.get(id);
    if (part !== undefined) times.set(part, (times.get(part) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([part, time]) => ({ part, share: time / total }))
    .sort((one, other) => other.share - one.share);
}
