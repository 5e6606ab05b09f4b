/**
 * Ignores errors of standard output and standard error: a closed pipe or a full disk must not end the process, and with
 * it the requests of all clients.
 */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

function ignore(): void {}
