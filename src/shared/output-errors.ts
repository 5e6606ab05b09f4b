/**
 * Keeps what is printed from ending the process, from now on: a reader that has gone or a full disk is no reason to end the
 * requests of all clients.
 */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

function ignore(): void {}
