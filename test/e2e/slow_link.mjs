// The daemon of the folder given first, with the helper that can delay hand-offs. SIGUSR2 makes the link slow, and the
// next one as it was. The delay is large beside what this machine does by itself: a hypervisor that moves its two CPUs
// between near and far is then nothing, and what is measured is a model with two states.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, usualNs, slowNs, ...argv] = process.argv.slice(2);
const at = (path) => pathToFileURL(join(folder, path)).href;
const { delayHandoffs } = await import(at('dist/host/native.js'));
const library = join(folder, 'native/build/libnumacanary.so');

let slow = false;
delayHandoffs(library, Number(usualNs));
process.on('SIGUSR2', () => {
  slow = !slow;
  delayHandoffs(library, Number(slow ? slowNs : usualNs));
});
process.argv.splice(1, Infinity, join(folder, 'dist/main.js'), ...argv);
await import(at('dist/main.js'));
