import { describe, expect, it } from 'vitest';
import { devices } from '../../src/collectors/devices.ts';
import { interrupts } from '../../src/collectors/interrupts.ts';
import { pressure } from '../../src/collectors/pressure.ts';
import { createRising } from '../../src/collectors/rising.ts';
import { on } from './reading.ts';

const heading = (cpus: readonly number[]) => cpus.map((cpu) => `      CPU${cpu}`).join('');
const line = (name: string, counts: readonly number[], what: string) =>
  `${name}: ${counts.map((count) => String(count).padStart(10)).join(' ')}  ${what}`;

/** CPUs 0 and 1 lie on socket 0, 8 and 9 on socket 1. */
const page = (counts: readonly number[], lines: readonly string[]) =>
  [heading([0, 1, 8, 9]), ...lines.map((what) => line(what.split(' ')[0] ?? '', counts, what))].join('\n');

const arm = (count: number) =>
  [
    heading([0, 1, 2, 3]),
    line('IPI0', [count, 0, 0, 0], '     Rescheduling interrupts'),
    line('IPI1', [0, count, 0, 0], '     Function call interrupts'),
    line('IPI6', [count, 0, 0, 0], '     IRQ work interrupts'),
  ].join('\n');

describe('interrupts', () => {
  it('are told by socket, from 0 at the start', async () => {
    const { tree, read } = await on('two-socket', interrupts(createRising()).make({}));
    const lines = ['TLB shootdowns', 'CAL calls', 'RES wakes', '40 eth0-rx', '41 nvme0q1', '99 other'];
    tree['/proc/interrupts'] = page([5, 5, 5, 5], lines);
    await read();
    tree['/proc/interrupts'] = page([6, 5, 7, 8], lines);
    expect(await read()).toEqual([
      'tlb_shootdowns_total 0 1',
      'tlb_shootdowns_total 1 5',
      'ipis_total 0 function_call 1',
      'ipis_total 1 function_call 5',
      'ipis_total 0 reschedule 1',
      'ipis_total 1 reschedule 5',
      'device_interrupts_total 0 nic 1',
      'device_interrupts_total 1 nic 5',
      'device_interrupts_total 0 nvme 1',
      'device_interrupts_total 1 nvme 5',
    ]);
  });

  it('of Arm go by the words at the end of the line, and have no shootdowns', async () => {
    const { tree, read } = await on('two-socket', interrupts(createRising()).make({}));
    tree['/proc/interrupts'] = arm(1);
    await read();
    tree['/proc/interrupts'] = arm(4);
    expect(await read()).toEqual(['ipis_total 0 function_call 3', 'ipis_total 0 reschedule 3']);
  });

  it('that a container runtime masks are denied, and the reader is told what to mount', async () => {
    const { read } = await on('two-socket', interrupts(createRising()).make({}), { '/proc/interrupts': '' });
    expect(await read()).toEqual([expect.stringMatching(/^denied: .* mount the host’s \/proc/)]);
  });
});

describe('devices', () => {
  it('hang on the node that the firmware says', async () => {
    const { read } = await on('two-socket', devices.make({}));
    expect(await read()).toEqual([
      'device_info eth0 nic 0 0 1',
      'device_info nvme0 nvme 0 0 1',
      'device_info eth1 nic 1 1 1',
      'device_info nvme1 nvme 1 1 1',
      'devices_hidden  0',
    ]);
  });

  it('hang nowhere where it does not say, and virtual functions come last', async () => {
    const vf = '/sys/bus/pci/devices/0000:00:01.0';
    const changes = { [`${vf}/class`]: '0x020000\n', [`${vf}/physfn/class`]: '0x020000\n', [`${vf}/numa_node`]: '-1\n', [`${vf}/net/vf0/mtu`]: '1500\n' }; // prettier-ignore
    const { read } = await on('two-socket', devices.make({ max_shown: 4 }), changes);
    expect((await read()).at(-1)).toBe('devices_hidden  1');
    const { read: all } = await on('two-socket', devices.make({}), changes);
    expect(await all()).toContain('device_info vf0 nic unknown unknown 1');
  });

  it('that are paravirtual have their names a step deeper', async () => {
    const folder = '/sys/bus/pci/devices/0000:00:02.0';
    const { read } = await on('bare', devices.make({}), {
      [`${folder}/class`]: '0x020000\n',
      [`${folder}/virtio1/net/ens2/mtu`]: '1500\n',
    });
    expect(await read()).toContain('device_info ens2 nic unknown unknown 1');
  });
});

describe('pressure', () => {
  it('is told in seconds, and steal by socket', async () => {
    const { tree, read } = await on('two-socket', pressure(createRising()).make({}));
    await read();
    const stolen = (cpu: number, ticks: number) =>
      (tree['/proc/stat'] = String(tree['/proc/stat']).replace(
        new RegExp(`^cpu${cpu} .*$`, 'm'),
        `cpu${cpu} 1000 0 500 90000 10 0 20 ${ticks} 0 0`,
      ));
    stolen(8, 150);
    stolen(9, 50);
    expect(await read()).toEqual([
      'pressure_stalled_seconds_total cpu some 0.123456',
      'pressure_stalled_seconds_total memory some 1.5',
      'pressure_stalled_seconds_total memory full 1',
      'pressure_stalled_seconds_total io some 2',
      'pressure_stalled_seconds_total io full 0.5',
      'steal_seconds_total 0 0',
      'steal_seconds_total 1 2',
    ]);
    // A CPU that goes offline takes its line along, and nothing of the total.
    tree['/proc/stat'] = String(tree['/proc/stat']).replace(/^cpu9 .*\n/m, '');
    expect(await read()).toContain('steal_seconds_total 1 2');
  });

  it('does without what the kernel was started without', async () => {
    const { tree, read } = await on('two-socket', pressure(createRising()).make({}));
    for (const resource of ['cpu', 'memory', 'io']) delete tree[`/proc/pressure/${resource}`];
    expect(await read()).toEqual(['steal_seconds_total 0 0', 'steal_seconds_total 1 0']);
  });
});
