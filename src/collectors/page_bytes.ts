import type { Files } from '../host/host.ts';
import { parsePageSize } from '../parse/page_size.ts';

/** Bytes of a page, for files that count in pages; asked once, for it does not change while the kernel runs. */
export function createPageBytes(): (files: Files) => Promise<number> {
  let bytes: number | undefined;
  return async (files) => (bytes ??= parsePageSize(await files.read('/proc/self/smaps')));
}
