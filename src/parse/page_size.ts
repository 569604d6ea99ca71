import { ParseError } from '../errors.ts';

/** Bytes of a small page of this kernel, from a task's smaps: 4 KiB on x86, up to 64 KiB on Arm. */
// > KernelPageSize:        4 kB
// > KernelPageSize:     2048 kB
export function parsePageSize(text: string): number {
  const sizes = [...text.matchAll(/^KernelPageSize: +(\d{1,9}) kB$/gm)].map(([, size]) => Number(size));
  const least = Math.min(...sizes.filter((size) => size > 0));
  if (!Number.isFinite(least)) throw new ParseError('smaps: no KernelPageSize');
  return least * 1024;
}
