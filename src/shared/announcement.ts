import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isSameServer } from "./is-loopback.js";
import { identityOf, isAlive } from "./process-identity.js";

const engineSchema = z.object({
  kind: z.literal("engine"),
  /** Base URL. */
  url: z.string(),
  endpoint: z.string(),
  apiKey: z.string(),
  /** The `mtoken` that reports to it must carry; undefined: any. */
  token: z.string().optional(),
  /** The command that runs it. */
  title: z.string(),
});

const workerSchema = z.object({
  kind: z.literal("worker"),
  /** Base URL of its second port. */
  url: z.string(),
  /** Of the inspector's page, without a token; undefined: it has none. */
  inspector: z.string().optional(),
  /** Base URLs of the engines that it reports to. */
  engines: z.array(z.string()).readonly(),
});

const announcementSchema = z.intersection(
  z.discriminatedUnion("kind", [engineSchema, workerSchema]),
  z.object({ pid: z.int(), startedAt: z.string() }),
);

/** An engine on this machine, with what a request to it needs. */
export type AnnouncedEngine = z.output<typeof engineSchema>;
/** A worker on this machine. */
export type AnnouncedWorker = z.output<typeof workerSchema>;
type Announcement = AnnouncedEngine | AnnouncedWorker;

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/** How often this process has announced something. */
let count = 0;

/**
 * Says to other processes of this user what this one serves, in a file that only the user can read, until it exits.
 * Where that file cannot be written, nothing is said.
 *
 * @returns takes it back.
 */
export function announce(announcement: Announcement): () => void {
  const folder = ownFolder({ make: true });
  if (folder === undefined) return () => {};
  count += 1;
  const file = join(folder, `${process.pid}-${count}.json`);
  const withdraw = (): void => {
    process.removeListener("exit", withdraw);
    rmSync(file, { force: true });
    // What was killed could not do that itself.
    announcements();
    removeIfEmpty(folder);
  };
  try {
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify({ ...announcement, ...identityOf(process.pid) }), {
      mode: 0o600,
      flag: "wx",
    });
  } catch {
    return () => {};
  }
  process.on("exit", withdraw);
  return withdraw;
}

/** The engines that processes of this user announce, oldest first. */
export const announcedEngines = (): readonly AnnouncedEngine[] =>
  announcements().filter((each) => each.kind === "engine");

/** The workers that processes of this user announce, oldest first. */
export const announcedWorkers = (): readonly AnnouncedWorker[] =>
  announcements().filter((each) => each.kind === "worker");

/**
 * The token for reports to these addresses, which the engine of this user that listens at all of them announces;
 * undefined: there is none.
 */
export function announcedToken(addresses: readonly string[]): string | undefined {
  const isMeant = ({ url }: AnnouncedEngine): boolean => addresses.every((each) => isSameServer(each, url));
  return announcedEngines().find(isMeant)?.token;
}

/** Those of processes that run; the files of the others are removed. */
function announcements(): readonly Announcement[] {
  const folder = ownFolder({ make: false });
  if (folder === undefined) return [];
  return namesIn(folder)
    .map((name) => join(folder, name))
    .flatMap((file) => {
      const announced = read(file);
      if (announced !== undefined && runs(announced)) return [announced];
      if (announced !== undefined) rmSync(file, { force: true });
      return [];
    })
    .toSorted((one, other) => Number(one.startedAt) - Number(other.startedAt));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The last one took it back, and the folder with it.
    return [];
  }
}

function read(file: string): z.output<typeof announcementSchema> | undefined {
  try {
    return announcementSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // It was taken back a moment ago, is being written, or is something else.
    return undefined;
  }
}

/** Only Linux tells when another process began. */
const runs = ({ pid, startedAt }: { readonly pid: number; readonly startedAt: string }): boolean =>
  isAlive(process.platform === "linux" ? { pid, startedAt } : identityOf(pid));

/**
 * The folder of this user's announcements; undefined: there is none that nobody else can write to. A key must not be sent to
 * an address that somebody else has put there.
 */
function ownFolder({ make }: { readonly make: boolean }): string | undefined {
  const uid = process.getuid?.();
  const folder = join(tmpdir(), uid === undefined ? "tsworker" : `tsworker-${uid}`);
  try {
    if (make) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = lstatSync(folder);
    const isOwn = uid === undefined || (stats.uid === uid && (stats.mode & OTHERS) === 0);
    return stats.isDirectory() && isOwn ? folder : undefined;
  } catch {
    return undefined;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else's is in it.
  }
}
