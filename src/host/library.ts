import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The native helper of this program: the one compiled in a clone, or the one that a package brings for the processor. A
 * clone's own comes first, so that a change of the C code is never hidden by an older build.
 */
export function libraryPath(root: string, arch: string, exists: (path: string) => boolean): string {
  const built = join(root, 'native/build/libnumacanary.so');
  const shipped = join(root, `native/prebuilt/linux-${arch}/libnumacanary.so`);
  return !exists(built) && exists(shipped) ? shipped : built;
}

/**
 * Whether all of an ELF file is there. What was cut off by a full disk is mapped without complaint, and kills the process
 * (SIGBUS) where it is first touched; its table of sections stands at the end.
 */
export function isWhole(path: string): boolean {
  const file = readFileSync(path);
  if (file.length < 64) return false;
  const sections = Number(file.readBigUInt64LE(0x28));
  return sections + file.readUInt16LE(0x3a) * file.readUInt16LE(0x3c) <= file.length;
}
