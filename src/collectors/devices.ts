import { z } from 'zod';
import { Absent } from '../errors.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import { createPciReader, deviceKinds } from './pci_devices.ts';

const info = {
  name: 'numacanary_device_info',
  kind: 'gauge',
  labels: ['device', 'kind', 'numa_node', 'socket'],
  closed: { kind: deviceKinds },
  per: ['device'],
  oneAtATime: true,
  help:
    'Network and NVMe controllers on PCI with the NUMA node that the firmware gives them, unknown where it gives none, from ' +
    '/sys/bus/pci/devices. Always 1.',
  tells:
    'Which socket a device hangs on: work on its data belongs there, and so do its interrupts (device_interrupts_total).',
} as const satisfies Metric;

const hidden = {
  name: 'numacanary_devices_hidden',
  kind: 'gauge',
  labels: [],
  help: 'Controllers beyond collectors.devices.max_shown, virtual functions of SR-IOV first: they have no series in device_info.',
  tells: 'Whether device_info is about all of them.',
} as const satisfies Metric;

export const devicesOptions = z.strictObject({
  max_shown: z.int().min(0).max(1000).default(32),
});

export const devices = kind('devices', devicesOptions, ({ max_shown: most }) => {
  const readPciDevices = createPciReader();
  return {
    name: 'devices',
    metrics: [info, hidden],
    async read({ host: { files }, topology }) {
      const found = (await readPciDevices(files)).toSorted((a, b) => Number(a.virtual) - Number(b.virtual));
      if (found.length === 0)
        throw new Absent('/sys/bus/pci/devices: neither network nor NVMe controllers on PCI');
      const sockets = new Map(topology.numaNodes.map(({ id, socket }) => [id, String(socket)]));
      return [
        ...found.slice(0, most).map(({ name, kind: what, numaNode }) => ({
          metric: info,
          labels: {
            device: name,
            kind: what,
            numa_node: numaNode === null ? 'unknown' : String(numaNode),
            socket: numaNode === null ? 'unknown' : (sockets.get(numaNode) ?? 'unknown'),
          },
          value: 1,
        })),
        { metric: hidden, labels: {}, value: Math.max(0, found.length - most) },
      ];
    },
  };
});
