import { describe, expect, it } from 'vitest';
import type { MachineName } from './machines.ts';
import { started } from './started.ts';

const shown: readonly MachineName[] = ['one-socket', 'two-socket', 'nps4', 'memory-only-node', 'bare'];

// `npm run golden` writes the pages anew; read the difference before it is committed.
describe('the page a minute after the start', () => {
  it.each(shown)('of %s', async (machine) => {
    const { clock, text } = await started({ machine });
    await clock.advance(60);
    await expect(await text('/metrics')).toMatchFileSnapshot(`golden/${machine}.prom`);
  });
});
