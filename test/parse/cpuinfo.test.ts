import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseCpuinfo } from '../../src/parse/cpuinfo.ts';

const x86 = `processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 167
model name	: Intel(R) Xeon(R) Processor
stepping	: 1
flags		: fpu vme hypervisor lahf_lm
power management:

processor	: 3
vendor_id	: GenuineIntel
cpu family	: 6
model		: 167
`;

describe('parseCpuinfo', () => {
  it('reads an x86 guest and the CPUs it has', () => {
    expect(parseCpuinfo(x86)).toEqual({
      vendor: 'GenuineIntel',
      family: 6,
      model: 167,
      stepping: 1,
      name: 'Intel(R) Xeon(R) Processor',
      hypervisor: true,
      processors: [0, 3],
    });
  });

  it('sees no hypervisor where the flag is only part of another word', () => {
    expect(parseCpuinfo(x86.replace('hypervisor', 'no_hypervisor_flag')).hypervisor).toBe(false);
  });

  it('reads an Arm server by implementer, part, variant and revision', () => {
    const arm = `processor	: 0
BogoMIPS	: 200.00
CPU implementer	: 0x48
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd01
CPU revision	: 2
`;
    expect(parseCpuinfo(arm)).toEqual({
      vendor: '0x48',
      family: 8,
      model: 0xd01,
      stepping: 0x12,
      name: null,
      hypervisor: null,
      processors: [0],
    });
  });

  it('leaves out what POWER does not say', () => {
    const power =
      'processor\t: 0\ncpu\t\t: POWER9, altivec supported\nrevision\t: 2.1 (pvr 004e 1201)\nmodel\t\t: 8335-GTW\n';
    expect(parseCpuinfo(power)).toEqual({
      vendor: null,
      family: null,
      model: null,
      stepping: null,
      name: 'POWER9, altivec supported',
      hypervisor: null,
      processors: [0],
    });
  });

  it('has nothing to say about an empty file', () => {
    expect(parseCpuinfo('')).toMatchObject({ vendor: null, name: null, processors: [] });
  });

  it.each(['processor : x', 'cpu family : six', 'cpu family : 6\nmodel : -'])('refuses %j', (text) => {
    expect(() => parseCpuinfo(text)).toThrow(ParseError);
  });
});
