import { expect, it } from 'vitest';
import { libraryPath } from '../../src/host/library.ts';

const built = '/opt/n/native/build/libnumacanary.so';
const shipped = '/opt/n/native/prebuilt/linux-arm64/libnumacanary.so';

it.each<[string, readonly string[], string]>([
  ['compiled here, where both are there', [built, shipped], built],
  ['brought by the package, where no compiler ran', [shipped], shipped],
  ['named as the one to be compiled, where there is none', [], built],
])('the helper is the one %s', (_, there, path) => {
  expect(libraryPath('/opt/n', 'arm64', (one) => there.includes(one))).toBe(path);
});
