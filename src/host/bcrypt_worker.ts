import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

/** What src/host/bcrypt.ts starts: one password after the other. */
parentPort?.on('message', ({ id, password, hash }: { id: number; password: string; hash: string }) => {
  parentPort?.postMessage({ id, equal: compareSync(password, hash) });
});
