/** Network and NVMe controllers on PCI, with the names, the node and the interrupts that the kernel gave them. */
import { nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseInteger } from '../parse/integer.ts';

export const deviceKinds = ['nic', 'nvme'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

export interface PciDevice {
  /** `eth0`, `nvme0`; of a controller that the kernel gave no name its address. */
  readonly name: string;
  readonly kind: DeviceKind;
  /** Null where the firmware does not say. */
  readonly numaNode: number | null;
  /** A virtual function of SR-IOV: there may be hundreds. */
  readonly virtual: boolean;
  readonly irqs: readonly string[];
}

const root = '/sys/bus/pci/devices';

/** Class and subclass of PCI: network controllers of all kinds; non-volatile memory with the NVMe interface. */
const kinds: readonly (readonly [prefix: string, kind: DeviceKind])[] = [
  ['0x02', 'nic'],
  ['0x010802', 'nvme'],
];

export type PciReader = (files: Files) => Promise<readonly PciDevice[]>;

/** Asks each of some hundred functions for its class once, and again when others have come or gone. */
export function createPciReader(): PciReader {
  let known = { addresses: '', kinds: new Map<string, DeviceKind>() };
  return async (files) => {
    const addresses = await files.list(root);
    if (addresses.join() !== known.addresses)
      known = { addresses: addresses.join(), kinds: await kindsOf(files, addresses) };
    const devices = [...known.kinds].map(([address, kind]) =>
      deviceOf(files, `${root}/${address}`, address, kind),
    );
    return (await Promise.all(devices)).flat();
  };
}

async function kindsOf(files: Files, addresses: readonly string[]): Promise<Map<string, DeviceKind>> {
  const found = addresses.map(async (address) => {
    const text = await files.read(`${root}/${address}/class`).catch(nullIfAbsent);
    const kind = kinds.find(([prefix]) => text?.startsWith(prefix))?.[1];
    return kind ? [[address, kind] as const] : [];
  });
  return new Map((await Promise.all(found)).flat());
}

async function deviceOf(files: Files, folder: string, address: string, kind: DeviceKind): Promise<PciDevice[]> {
  const entries = await files.list(folder).catch(nullIfAbsent);
  if (entries === null) return [];
  // A paravirtual device lies a step deeper: virtio1/net/eth0.
  const holders = [folder, ...entries.filter((name) => /^virtio\d+$/.test(name)).map((name) => `${folder}/${name}`)];
  const names = await Promise.all(
    holders.map((holder) => files.list(`${holder}/${kind === 'nic' ? 'net' : 'nvme'}`).catch(nullIfAbsent)),
  );
  const [vectors, node, legacy] = await Promise.all([
    files.list(`${folder}/msi_irqs`).catch(nullIfAbsent),
    files.read(`${folder}/numa_node`).then(parseInteger).catch(nullIfAbsent),
    files.read(`${folder}/irq`).then(parseInteger).catch(nullIfAbsent),
  ]);
  const irqs = vectors ?? (legacy === null || legacy === 0 ? [] : [String(legacy)]);
  const known = names.flatMap((list) => list ?? []);
  return (known.length > 0 ? known : [address]).map((name, index) => ({
    name,
    kind,
    numaNode: node === null || node < 0 ? null : node,
    virtual: entries.includes('physfn'),
    // Two ports of one function share its interrupts: they are counted once.
    irqs: index === 0 ? irqs : [],
  }));
} // prettier-ignore
