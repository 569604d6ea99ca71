import { readFileSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Absent, Denied } from '../errors.ts';
import { createCoalesce } from './coalesce.ts';
import type { Files, OwnFiles } from './host.ts';
import { createPool } from './pool.ts';
import { readWhole } from './read_whole.ts';

export interface Roots {
  readonly procfs: string;
  readonly sysfs: string;
  readonly rootfs: string;
  readonly cgroupfs: string;
}

/** A thousand CPUs have twenty thousand files: all at once run out of descriptors, one by one takes 5 s. */
const inFlight = 64;

/** Made once: localeCompare makes one for each two names. */
const byNumber = new Intl.Collator('en', { numeric: true });

export function filesUnder(roots: Roots): Files {
  const pool = createPool(inFlight);
  // A file that hangs holds one of libuv's four threads: asked for again at each scrape, it would soon hold them all.
  const texts = createCoalesce<string>();
  const names = createCoalesce<string[]>();
  const entries = createCoalesce<Dirent[]>();
  const real = (path: string) => {
    for (const [prefix, root] of [
      ['/sys/fs/cgroup', roots.cgroupfs],
      ['/sys', roots.sysfs],
      ['/proc', roots.procfs],
    ] as const) {
      if (path === prefix || path.startsWith(`${prefix}/`)) return join(root, path.slice(prefix.length));
    }
    return join(roots.rootfs, path);
  };
  return {
    read: async (path) => {
      const at = real(path);
      return texts(at, () => pool(() => readWhole(at))).catch(refuse(at));
    },
    list: async (path) => {
      const at = real(path);
      const found = await names(at, () => pool(() => readdir(at))).catch(refuse(at));
      return found.toSorted(byNumber.compare);
    },
    folders: async (path) => {
      const at = real(path);
      const found = await entries(at, () => pool(() => readdir(at, { withFileTypes: true }))).catch(
        refuse(at),
      );
      return found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
  };
}

/** What the kernel says when the machine, this kernel or this very process has no such thing. */
const absent = new Set([
  'ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENODATA', 'ESRCH',
]); // prettier-ignore

const refuse = (path: string) => (thrown: unknown) => {
  throw refusal(path, thrown);
};

/** In our words, what the kernel answered instead of the file. */
export function refusal(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (absent.has(code)) return new Absent(`${path}: ${code}`, { cause: thrown });
  if (code !== 'EACCES' && code !== 'EPERM') return thrown;
  const advice = 'run as a user who may read it, or mount it for the container';
  return new Denied(`${path}: ${code}: ${advice}`, { cause: thrown });
}

export const ownFiles: OwnFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  stamp: (path) => {
    try {
      // Kubernetes swaps a link to a folder: the inode is another, and the time may be older.
      const { ino, size, mtimeNs } = statSync(path, { bigint: true });
      return `${ino} ${size} ${mtimeNs}`;
    } catch (thrown) {
      return String((thrown as NodeJS.ErrnoException).code);
    }
  },
};
