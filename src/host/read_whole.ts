import { closeSync, constants, open, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

const opened = promisify(open);
const filled = promisify(read);

/** Room for what most files say; a file of the kernel has no size to go by. */
const chunkBytes = 16 * 1024;
/**
 * A seq_file prints records as long as they fit in its page (fs/seq_file.c): who got less than half of one has all, and
 * is told so at once when he asks again. Who got more may be in for work, or for a lock.
 */
const mostLikelyAllBytes = 2048;

/**
 * The text of a file. The daemon reads twenty a second, most of a few lines. readFile() of node:fs/promises asks a thread
 * four times for each (open, fstat, read, close) and makes an object of it; that was most of what the daemon cost. Here a
 * thread is asked for what may have to wait: opening and reading.
 *
 * Nor does a file that is none hold a thread up: a pipe without a writer is empty, of one with a silent writer it is EAGAIN.
 */
export async function readWhole(path: string): Promise<string> {
  const fd = await opened(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let ended = false; !ended;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      let { bytesRead: length } = await filled(fd, chunk, 0, chunkBytes, null);
      ended = length === 0;
      if (length > 0 && length < mostLikelyAllBytes) {
        const more = readSync(fd, chunk, length, chunkBytes - length, null);
        ended = more === 0;
        length += more;
      }
      chunks.push(chunk.subarray(0, length));
    }
    // Joined first: a character may lie across the edge of two.
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    closeSync(fd);
  }
}
