const width = 30;

/** A bar that redraws itself on one line of a terminal, and goes away at the end. Elsewhere: silence. */
export function progressBar(write: (text: string) => void, isTerminal: boolean) {
  return (done: number, total: number, what: string): void => {
    if (!isTerminal) return;
    const full = Math.round((width * done) / Math.max(1, total));
    const bar = `[${'#'.repeat(full)}${' '.repeat(width - full)}] ${what}`;
    write(done >= total ? '\r\u001b[K' : `\r\u001b[K${bar}`);
  };
}
