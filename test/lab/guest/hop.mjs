// Runs in the guest: this thread goes round the given CPUs, ROUNDS times. Arguments: ROUNDS CPU...
import koffi from 'koffi';

const setaffinity = koffi
  .load('libc.so.6')
  .func('int sched_setaffinity(int pid, size_t bytes, const uint64_t *mask)');
const [rounds, ...cpus] = process.argv.slice(2).map(Number);
for (let round = 0; round < rounds; round += 1) {
  // A thread that may no longer run where it runs is moved before the call returns.
  for (const cpu of cpus) if (setaffinity(0, 8, [1n << BigInt(cpu)])) throw new Error(`no CPU ${cpu}`);
}
