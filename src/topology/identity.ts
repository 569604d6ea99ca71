import { parseCpuinfo } from '../parse/cpuinfo.ts';
import type { Cpuinfo } from '../parse/cpuinfo.ts';
import type { CpuIdentity } from '../topology.ts';
import type { Reader } from './reader.ts';

/**
 * Arm kernels print numbers only, and people know names. Servers' cores by implementer and part; for others the
 * numbers are the name, so that peers still compare.
 */
const armCores: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '0x41': {
    0xd08: 'Cortex-A72',
    0xd0c: 'Neoverse-N1',
    0xd40: 'Neoverse-V1',
    0xd49: 'Neoverse-N2',
    0xd4f: 'Neoverse-V2',
    0xd84: 'Neoverse-V3',
    0xd8e: 'Neoverse-N3',
  },
  '0x43': { 0x0af: 'ThunderX2' },
  '0x46': { 0x001: 'A64FX' },
  '0x48': { 0xd01: 'TaiShan-v110', 0xd02: 'TaiShan-v120' },
  '0xc0': { 0xac3: 'Ampere-1', 0xac4: 'Ampere-1a' },
};

/** Product and vendor names of virtual machines; on x86 the CPU itself says so. */
const virtual = /virtual|vmware|kvm|qemu|xen|hvm|bochs|firecracker|dummy-virt|openstack|compute engine/i;

export async function readIdentity(reader: Reader): Promise<CpuIdentity> {
  const cpuinfo = await reader.get('/proc/cpuinfo', parseCpuinfo);
  return {
    vendor: cpuinfo?.vendor ?? 'unknown',
    family: cpuinfo?.family ?? 0,
    model: cpuinfo?.model ?? 0,
    stepping: cpuinfo?.stepping ?? 0,
    name: cpuinfo?.name ?? armName(cpuinfo) ?? 'unknown',
    hypervisor: cpuinfo?.hypervisor ?? (await firmwareSaysVirtual(reader)),
  };
}

function armName(cpuinfo: Cpuinfo | null): string | null {
  if (!cpuinfo?.vendor?.startsWith('0x') || cpuinfo.model === null) return null;
  return armCores[cpuinfo.vendor]?.[cpuinfo.model] ?? `Arm ${cpuinfo.vendor} 0x${cpuinfo.model.toString(16)}`;
}

async function firmwareSaysVirtual(reader: Reader): Promise<boolean> {
  const [xen, tree, board, vendor, product] = await Promise.all(
    [
      '/sys/hypervisor/type',
      '/proc/device-tree/hypervisor/compatible',
      '/proc/device-tree/compatible',
      '/sys/class/dmi/id/sys_vendor',
      '/sys/class/dmi/id/product_name',
    ].map((path) => reader.get(path, (text) => text.trim())),
  );
  if (xen || tree) return true;
  if (vendor === 'Amazon EC2') return !product?.endsWith('.metal');
  return virtual.test(`${board ?? ''} ${vendor ?? ''} ${product ?? ''}`);
}
