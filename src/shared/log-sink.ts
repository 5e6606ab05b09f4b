import { constants, fstatSync, openSync, write, writeSync } from "node:fs";

/** A destination of log lines. */
export interface Sink {
  /**
   * Writes as much of a chunk as fits, without waiting for a reader.
   *
   * @param done is called with the number of bytes written, synchronously or later.
   */
  write(chunk: string | Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /**
   * Writes synchronously, for the end of the process.
   *
   * @throws NodeJS.ErrnoException such as `EAGAIN`.
   */
  writeSync(chunk: string | Buffer): number;
}

/**
 * A file descriptor of this process that is open for writing, such as 1 for standard output.
 *
 * Writes to a pipe, terminal or socket never block: they fail with `EAGAIN`. Regular files have no such mode and are
 * written in another thread, because a disk may stall for seconds.
 */
export function descriptorSink(descriptor: number): Sink {
  const stat = fstatSync(descriptor);
  const fd = stat.isFile() ? descriptor : unblocked(descriptor, stat.isSocket());
  const now = (chunk: string | Buffer): number =>
    typeof chunk === "string" ? writeSync(fd, chunk) : writeSync(fd, chunk);
  return {
    write: stat.isFile()
      ? (chunk, done) => write(fd, typeof chunk === "string" ? Buffer.from(chunk) : chunk, done)
      : (chunk, done) => {
          let written: number;
          try {
            written = now(chunk);
          } catch (error) {
            done(error as NodeJS.ErrnoException, 0);
            return;
          }
          done(null, written);
        },
    writeSync: now,
  };
}

/**
 * A non-blocking descriptor of the same output. It is opened again: the mode of an inherited descriptor is shared with
 * every process that has it, and each of them may change it.
 */
function unblocked(descriptor: number, isSocket: boolean): number {
  if (!isSocket) {
    try {
      const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
      return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch {
      // Not Linux, or an output of another user.
    }
  }
  // Node.js makes pipes and sockets non-blocking when it creates their stream.
  void (descriptor === 2 ? process.stderr : process.stdout);
  return descriptor;
}
