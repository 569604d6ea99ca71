/** Why a signal is not even tried, in a sentence. Pure. */
import type { CpuIdentity } from '../../topology.ts';
import type { Missing } from '../plan.ts';

type Why = Omit<Missing, 'signal'>;

export const noPmu = (pmu: string, { hypervisor }: CpuIdentity): Why => ({
  status: 'absent',
  reason: 'no_pmu',
  advice: pmu === 'cpu' ? noCorePmu(hypervisor) : noBox(pmu, hypervisor),
});

const noCorePmu = (hypervisor: boolean) =>
  hypervisor
    ? 'this virtual machine was given no PMU: switch it on at its host (KVM: -cpu host,pmu=on; VMware: vpmc.enable; clouds: metal or whole-socket instances)'
    : 'the kernel shows no PMU for its cores: look for Performance Events in dmesg; firmware or a kernel parameter may have switched it off';

const noBox = (pmu: string, hypervisor: boolean) =>
  hypervisor
    ? `virtual machines have no PMU ${pmu}: only their host can count what all its guests do`
    : `the kernel shows no PMU ${pmu}: load the kernel module that drives it, or run a newer kernel`;

export const nowhere = (pmu: string): Why => ({
  status: 'absent',
  reason: 'off',
  advice: `all CPUs on which ${pmu} can be read are isolated or nohz_full, and are left alone: set courtesy.include_isolated to count them`,
});

export const unknownCpu = ({ vendor, family, model, stepping }: CpuIdentity): Why => ({
  status: 'absent',
  reason: 'unknown_cpu',
  advice: `no model is for this CPU (vendor ${vendor}, family ${family}, model ${model}, stepping ${stepping}): add one under collectors.pmu.models in the configuration`,
});

export const noTurn = (counters: number): Why => ({
  status: 'absent',
  reason: 'off',
  advice: `it does not fit beside the groups before it on the ${counters} counters that may be used, and turns are switched off: set a turn period or lower leave_counters under collectors.pmu in the configuration`,
});
