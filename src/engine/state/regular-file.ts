import { constants } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { assertRegularFile } from "../../shared/regular-file.js";

/** Opening a FIFO without `O_NONBLOCK` blocks a thread until its other end is opened, and the process cannot exit. */
const { O_CREAT, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * The text of a regular file.
 *
 * @throws when it is anything else; with the code `ENOENT` when it does not exist.
 */
export async function readRegularFile(path: string): Promise<string> {
  await refuseOther(path);
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    assertRegularFile(await file.stat());
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/**
 * Replaces or creates a regular file that only its owner can read, atomically: it is written as `<path>.new` and renamed.
 *
 * @throws when either path is something else than a regular file, which then stays.
 */
export async function replaceRegularFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  try {
    await refuseOther(path);
    await refuseOther(beside);
    const file = await open(beside, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
    try {
      assertRegularFile(await file.stat());
      // A file left by an earlier process may have been readable for others.
      await file.chmod(0o600);
      await file.truncate();
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    throw explained(cause, dirname(resolve(path)));
  }
}

/** @throws when it is something else than a regular file. It is not opened: opening a device may have effects. */
async function refuseOther(path: string): Promise<void> {
  try {
    assertRegularFile(await stat(path));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/** Explains the error code of a failed write. */
function explained(cause: unknown, folder: string): unknown {
  switch (codeOf(cause)) {
    case "ENOENT":
      return new Error(`there is no folder ${folder}`, { cause });
    case "ENOTDIR":
      return new Error(`${folder} is not a folder`, { cause });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Error(`no permission to write in the folder ${folder}`, { cause });
    default:
      return cause;
  }
}
