/** Aborts when the reader of standard output has gone, as `head` does when it has enough. The reason is `SIGPIPE`. */
export function unreadOutput(): AbortSignal {
  const controller = new AbortController();
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") controller.abort("SIGPIPE");
  });
  return controller.signal;
}
