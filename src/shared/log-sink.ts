import { constants, fstatSync, openSync, write, writeSync } from "node:fs";

/** Where the text of a log goes. */
export interface Sink {
  /**
   * Writes as much of a chunk as fits, without waiting for a reader.
   *
   * @param done is called with the number of bytes that were written, at once or later.
   */
  write(chunk: string | Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /**
   * The same at once, for the end of the process.
   *
   * @throws NodeJS.ErrnoException such as `EAGAIN`.
   */
  writeSync(chunk: string | Buffer): number;
}

/**
 * A file descriptor of this process that is open for writing, such as 1 for standard output.
 *
 * A pipe, terminal or socket takes what fits, or refuses it with `EAGAIN`. A regular file has no such mode: it is written
 * in another thread, because a disk may stall for seconds.
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
 * A descriptor of the same output that never waits. It is opened anew: the mode of a descriptor that came from the parent
 * process is shared with every process that has it, and each of them may switch it.
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
  // Node.js puts pipes and sockets into that mode when their stream is made.
  void (descriptor === 2 ? process.stderr : process.stdout);
  return descriptor;
}
