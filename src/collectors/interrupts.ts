import { z } from 'zod';
import { Absent, Denied, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseInterrupts } from '../parse/interrupts.ts';
import type { InterruptLine } from '../parse/interrupts.ts';
import type { Metric, Sample } from '../sample.ts';
import { kind } from '../source.ts';
import { cpuOf } from '../topology.ts';
import { createPciReader, deviceKinds } from './pci_devices.ts';
import type { DeviceKind } from './pci_devices.ts';
import type { Rising, Row } from './rising.ts';

const shootdowns = {
  name: 'numacanary_tlb_shootdowns_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help:
    'Interrupts by which CPUs of a socket were told to forget translations of addresses: TLB of /proc/interrupts, counted where they ' +
    'arrive. From 0 at the start. Absent on Arm, which sends none. With AMD’s broadcasts (INVLPGB, Linux 6.15 and later) those of processes ' +
    'on three CPUs and more are counted by nobody.',
  tells:
    'Who unmaps, protects or migrates memory that threads of this socket share: each costs the sender a wait for the slowest, farthest CPU.',
} as const satisfies Metric;

const ipis = {
  name: 'numacanary_ipis_total',
  kind: 'counter',
  labels: ['socket', 'kind'],
  closed: { kind: ['function_call', 'reschedule'] },
  per: ['socket'],
  help:
    'Interrupts that CPUs of a socket got from other CPUs: CAL and RES of /proc/interrupts, IPIs of those names on Arm. From 0 at the start. ' +
    'On x86 TLB shootdowns are function calls and in them.',
  tells: 'CPUs that wake and disturb each other; a wake-up across sockets costs several times one within.',
} as const satisfies Metric;

const deviceInterrupts = {
  name: 'numacanary_device_interrupts_total',
  kind: 'counter',
  labels: ['socket', 'kind'],
  closed: { kind: deviceKinds },
  per: ['socket'],
  help:
    'Interrupts of network and NVMe controllers on PCI that CPUs of a socket handled: the lines of /proc/interrupts with the numbers in ' +
    '/sys/bus/pci/devices/*/msi_irqs. From 0 at the start.',
  tells: 'Whether a device is served on its own socket: device_info has its node.',
} as const satisfies Metric;

/** Devices come and go by the minute at most. */
const deviceSeconds = 60;

/** By the words at the end of the line on Arm, by its name on x86. */
const kernelSeries = (name: string, what: string): string | null => {
  if (name === 'TLB') return 'tlb';
  if (name === 'CAL' || /Function call interrupts\s*$/.test(what)) return 'function_call';
  return name === 'RES' || /Rescheduling interrupts\s*$/.test(what) ? 'reschedule' : null;
};

export const interrupts = (books: Rising) =>
  kind('interrupts', z.object({}), () => {
    const readPciDevices = createPciReader();
    let devices: { readonly until: number; readonly kinds: ReadonlyMap<string, DeviceKind> } | undefined;

    async function kindsOf(files: Files, now: number): Promise<ReadonlyMap<string, DeviceKind>> {
      if (devices && now < devices.until) return devices.kinds;
      const found = (await readPciDevices(files).catch(nullIfAbsent)) ?? [];
      const kinds = new Map(found.flatMap((one) => one.irqs.map((irq) => [irq, one.kind] as const)));
      devices = { until: now + deviceSeconds, kinds };
      return kinds;
    }

    return {
      name: 'interrupts',
      metrics: [shootdowns, ipis, deviceInterrupts],
      async read({ host: { files, clock }, topology }) {
        const kinds = await kindsOf(files, clock.now());
        const text = await files.read('/proc/interrupts');
        if (text === '') throw new Denied(masked);
        const { cpus, lines } = parseInterrupts(
          text,
          (name, what) => kinds.has(name) || kernelSeries(name, what) !== null,
        );
        const rows = lines.map((line): Row => rowOf(line, kinds));
        books.add(cpus, rows, (cpu) => cpuOf(topology, cpu)?.socket);
        const samples = [
          ...samplesOf(books, shootdowns, 'tlb', {}),
          ...ipis.closed.kind.flatMap((one) => samplesOf(books, ipis, one, { kind: one })),
          ...deviceKinds.flatMap((one) => samplesOf(books, deviceInterrupts, one, { kind: one })),
        ];
        if (samples.length === 0) throw new Absent('/proc/interrupts: none of the lines that we know');
        return samples;
      },
    };
  });

const masked =
  '/proc/interrupts is empty: the container runtime masks it; mount the host’s /proc and name it with --path.procfs';

function rowOf({ name, what, counts }: InterruptLine, kinds: ReadonlyMap<string, DeviceKind>): Row {
  const device = kinds.get(name);
  return {
    line: name,
    series: device ?? kernelSeries(name, what) ?? '',
    fallen: device === undefined ? 'wrapped' : 'begun_anew',
    counts,
  };
}

const samplesOf = (
  rising: Rising,
  metric: Metric,
  series: string,
  labels: Readonly<Record<string, string>>,
): Sample[] =>
  [...(rising.totalsOf(series) ?? [])].map(([socket, value]) => ({
    metric,
    labels: { socket: String(socket), ...labels },
    value,
  }));
