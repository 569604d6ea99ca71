import type { MachineSpec, Place, Put } from '../machines.ts';

/** One network port and one disk on each socket, interrupts of theirs on its first CPU. */
export function putDevices(spec: MachineSpec, put: Put, online: readonly Place[]): void {
  const cpus = online.map(({ cpu }) => cpu);
  const firstOf = (socket: number) => online.find((place) => place.socket === socket)?.cpu ?? 0;
  const lines = Array.from({ length: spec.sockets }, (_, socket) => socket).flatMap((socket) => {
    const [nic, disk] = [`0000:${socket}1:00.0`, `0000:${socket}2:00.0`];
    const node = spec.numa === false ? -1 : socket * spec.nodesPerSocket;
    put(`/sys/bus/pci/devices/${nic}`, { class: '0x020000', numa_node: node, irq: 0 });
    put(`/sys/bus/pci/devices/${nic}/net/eth${socket}`, { mtu: 1500 });
    put(`/sys/bus/pci/devices/${nic}/msi_irqs`, { [40 + 2 * socket]: 'msix' });
    put(`/sys/bus/pci/devices/${disk}`, { class: '0x010802', numa_node: node, irq: 0 });
    put(`/sys/bus/pci/devices/${disk}/nvme/nvme${socket}`, { state: 'live' });
    put(`/sys/bus/pci/devices/${disk}/msi_irqs`, { [41 + 2 * socket]: 'msix' });
    const only = (count: number) => (cpu: number) => (cpu === firstOf(socket) ? count : 0);
    return [
      line(String(40 + 2 * socket), cpus, only(5000), `PCI-MSIX-${nic}   0-edge      eth${socket}-rx-0`),
      line(String(41 + 2 * socket), cpus, only(700), `PCI-MSIX-${disk}   1-edge      nvme${socket}q1`),
    ];
  });
  put('/proc', {
    interrupts: [
      `     ${cpus.map((cpu) => `      CPU${cpu}`).join('')}`,
      ...lines,
      line('RES', cpus, () => 20, 'Rescheduling interrupts'),
      line('CAL', cpus, () => 30, 'Function call interrupts'),
      line('TLB', cpus, () => 10, 'TLB shootdowns'),
      'ERR:          0',
    ].join('\n'),
  });
  put('/proc/pressure', {
    memory: stalls(1_500_000, 1_000_000),
    io: stalls(2_000_000, 500_000),
  });
}

const line = (name: string, cpus: readonly number[], countOf: (cpu: number) => number, what: string) =>
  `${name.padStart(4)}: ${cpus.map((cpu) => String(countOf(cpu)).padStart(10)).join(' ')}  ${what}`;

const stalls = (some: number, full: number) =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${some}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=${full}`;
