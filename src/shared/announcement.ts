import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { identityOf, isAlive } from "./process-identity.js";
import { isSameServer } from "./url.js";

const engineSchema = z.object({
  kind: z.literal("engine"),
  /** Base URL. */
  url: z.string(),
  endpoint: z.string(),
  apiKey: z.string(),
  /** The `mtoken` that reports must carry; undefined: any. */
  token: z.string().optional(),
  /** The command that runs it. */
  title: z.string(),
});

const workerSchema = z.object({
  kind: z.literal("worker"),
  /** Base URL of its second port. */
  url: z.string(),
  /** URL of the inspector's page, without a token; undefined: there is none. */
  inspector: z.string().optional(),
  /** Base URLs of the engines that it reports to. */
  engines: z.array(z.string()).readonly(),
});

const announcementSchema = z.intersection(
  z.discriminatedUnion("kind", [engineSchema, workerSchema]),
  z.object({ pid: z.int(), startedAt: z.string() }),
);

/** An engine on this machine, with the credentials for requests to it. */
export type AnnouncedEngine = z.output<typeof engineSchema>;
/** A worker on this machine. */
type AnnouncedWorker = z.output<typeof workerSchema>;
type Announcement = AnnouncedEngine | AnnouncedWorker;

/** Permission bits of the group and of others. */
const OTHERS = 0o077;

/** Announcements made by this process so far. */
let count = 0;

/**
 * Announces a server of this process to other processes of the same user, by a file that only the user can read. It is
 * removed when the process exits. Errors in writing it are ignored.
 *
 * @returns a function that withdraws the announcement.
 */
export function announce(announcement: Announcement): () => void {
  const folder = ownFolder({ make: true });
  if (folder === undefined) return () => {};
  count += 1;
  const file = join(folder, `${process.pid}-${count}.json`);
  const withdraw = (): void => {
    process.removeListener("exit", withdraw);
    rmSync(file, { force: true });
    // A process that was killed has left its file.
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
 * The token for reports, as announced by the engine of this user that listens at all of these addresses; undefined:
 * there is none.
 */
export function announcedToken(addresses: readonly string[]): string | undefined {
  const listensThere = ({ url }: AnnouncedEngine): boolean =>
    addresses.every((each) => isSameServer(each, url));
  return announcedEngines().find(listensThere)?.token;
}

/** The announcements of running processes; files of others are removed. */
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
    // Removed with the last announcement in it.
    return [];
  }
}

function read(file: string): z.output<typeof announcementSchema> | undefined {
  try {
    return announcementSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Withdrawn a moment ago, incomplete, or another file.
    return undefined;
  }
}

/** The start time of another process is known on Linux only. */
const runs = ({ pid, startedAt }: { readonly pid: number; readonly startedAt: string }): boolean =>
  isAlive(process.platform === "linux" ? { pid, startedAt } : identityOf(pid));

/**
 * The folder of this user's announcements; undefined: there is none, or others can write to it. A key must not be sent to
 * an address that another user has put there.
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
    // Another process has an announcement in it.
  }
}
