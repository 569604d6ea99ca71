import { describe, expect, it } from 'vitest';
import { machine } from './machines.ts';
import type { MachineName } from './machines.ts';
import { started } from './started.ts';
import { oddly } from './trees/oddly.ts';

const shown: readonly MachineName[] = [
  'one-socket',
  'two-socket',
  'nps4',
  'snc4',
  'memory-only-node',
  'no-numa',
  'cgroup-v1',
  'containerd-systemd',
  'crio-cgroupfs',
  'bare',
];

// `npm run golden` writes the pages anew; read the difference before it is committed.
describe('the page a minute after the start', () => {
  it.each(shown)('of %s', async (machine) => {
    const { clock, text } = await started({ machine });
    await clock.advance(60);
    await expect(await text('/metrics')).toMatchFileSnapshot(`golden/${machine}.prom`);
  });

  // A source whose file was cut short fails and says so; what it does not know beside what it knows changes nothing.
  it('of a machine whose files are cut short or say more than we know', async () => {
    const { clock, text } = await started({ files: oddly(machine('two-socket')) });
    await clock.advance(60);
    await expect(await text('/metrics')).toMatchFileSnapshot('golden/odd-files.prom');
  });
});
