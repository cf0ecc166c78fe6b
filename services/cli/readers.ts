/** Whoever reads what a command prints may go away before the command ends, as `head` does, or a `tee` at Ctrl-C. */

/** Whoever has something to do, to take back or to write down does so all the same: what is printed to nobody is lost. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!isReaderGone(error)) throw error;
    });
  }
}

/** For what only prints, and has no end of its own or one that is far off. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error)) process.exit(0);
  });
}

/** A pipe or a terminal that has gone. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE" || code === "EIO";
}
