import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Pair {
  /** A certificate of this authority; `names` as openssl writes them: `DNS:localhost`. */
  issue(subject: string, names?: string): Pair;
}

/** Runs openssl in a folder of its own that is gone afterwards. */
function inFolder<T>(work: (openssl: (command: string) => void, at: (file: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'numacanary-openssl-'));
  const openssl = (command: string) =>
    void execFileSync('openssl', command.split(' '), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    return work(openssl, (file) => join(folder, file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const newKey = 'ecparam -name prime256v1 -genkey -noout -out key';

/** An authority of two days. */
export function authority(name: string): Authority {
  const ca = inFolder((openssl, at): Pair => {
    openssl(newKey);
    openssl(`req -x509 -new -key key -subj /CN=${name} -days 2 -out crt`);
    return { cert: readFileSync(at('crt'), 'utf8'), key: readFileSync(at('key'), 'utf8') };
  });
  return {
    ...ca,
    issue: (subject, names = 'DNS:localhost,IP:127.0.0.1') =>
      inFolder((openssl, at) => {
        writeFileSync(at('ca.crt'), ca.cert);
        writeFileSync(at('ca.key'), ca.key);
        writeFileSync(at('names'), `subjectAltName=${names}\n`);
        openssl(newKey);
        openssl(`req -new -key key -subj /CN=${subject} -out csr`);
        openssl('x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out crt');
        return { cert: readFileSync(at('crt'), 'utf8'), key: readFileSync(at('key'), 'utf8') };
      }),
  };
}
