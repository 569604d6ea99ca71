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
