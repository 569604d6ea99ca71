import type { MachineSpec, Place, Put } from '../machines.ts';

const cpus = '/sys/devices/system/cpu';

/** What the kernel and the firmware were set to. Machines without counters in hardware are guests: no clock, no firmware. */
export function putConditions(spec: MachineSpec, put: Put, online: readonly Place[]): void {
  const amd = spec.vendor === 'amd';
  const guest = spec.pmu === undefined;
  put('/proc/sys/kernel', {
    hostname: 'synthetic',
    version: '#1 SMP PREEMPT_DYNAMIC Thu Nov 26 00:00:00 UTC 2026',
    numa_balancing: 1,
  });
  put('/proc/sys/vm', { swappiness: 60, zone_reclaim_mode: 0 });
  put('/proc', {
    cmdline: 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet token=secret',
    swaps: 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority',
  });
  put('/boot', {
    'config-6.12.0-synthetic':
      'CONFIG_HZ=250\nCONFIG_NO_HZ_FULL=y\nCONFIG_NUMA_BALANCING_DEFAULT_ENABLED=y\n# CONFIG_SCHED_CLASS_EXT is not set',
  });
  put('/sys/kernel/debug/sched', {
    preempt: 'none (voluntary) full',
    base_slice_ns: 3_000_000,
    migration_cost_ns: 500_000,
    nr_migrate: 32,
  });
  put('/sys/kernel/mm/transparent_hugepage', {
    enabled: guest ? 'always [madvise] never' : '[always] madvise never',
    defrag: 'always defer defer+madvise [madvise] never',
  });
  put('/sys/kernel/mm/numa', { demotion_enabled: 'false' });
  put('/sys/kernel/mm/hugepages/hugepages-2048kB', { nr_hugepages: 512, surplus_hugepages: 0 });
  put('/sys/kernel/sched_ext', { state: 'disabled' });
  put('/sys/devices/system/clocksource/clocksource0', { current_clocksource: guest ? 'kvm-clock' : 'tsc' });
  put(`${cpus}/vulnerabilities`, {
    meltdown: 'Not affected',
    spectre_v1: 'Mitigation: usercopy/swapgs barriers and __user pointer sanitization',
    spectre_v2: amd
      ? 'Mitigation: Retpolines; IBPB: conditional; STIBP: always-on'
      : 'Mitigation: Enhanced / Automatic IBRS; IBPB: conditional; RSB filling',
  });
  put('/sys/fs/cgroup/system.slice/irqbalance.service', { 'cgroup.procs': '812' });
  if (guest) {
    put(`${cpus}/smt`, { control: 'notsupported' });
    put('/sys/class/dmi/id', { sys_vendor: 'QEMU', bios_version: '1.16.2-1' });
    return;
  }
  put(`${cpus}/smt`, { control: 'on' });
  put(`${cpus}/cpu0/microcode`, { version: amd ? '0xa101148' : '0x2b000639' });
  put('/sys/class/dmi/id', { sys_vendor: 'Dell Inc.', bios_version: '2.4.3' });
  put(`${cpus}/cpuidle`, { current_driver: amd ? 'acpi_idle' : 'intel_idle' });
  if (amd) {
    put(`${cpus}/amd_pstate`, { status: 'active' });
    put(`${cpus}/cpufreq`, { boost: 1 });
  } else {
    put(`${cpus}/intel_pstate`, { status: 'active', no_turbo: 0 });
    for (let socket = 0; socket < spec.sockets; socket += 1) {
      const folder = `${cpus}/intel_uncore_frequency/package_0${socket}_die_00`;
      put(folder, { min_freq_khz: 800_000, max_freq_khz: 2_500_000 });
    }
  }
  const states = amd ? ['POLL', 'C1', 'C2'] : ['POLL', 'C1', 'C1E', 'C6'];
  for (const { cpu } of online) {
    put(`${cpus}/cpufreq/policy${cpu}`, {
      scaling_driver: amd ? 'amd-pstate-epp' : 'intel_pstate',
      scaling_governor: 'powersave',
      energy_performance_preference: 'balance_performance',
      scaling_min_freq: amd ? 400_000 : 800_000,
      scaling_max_freq: 3_800_000,
    });
    for (const [index, name] of states.entries())
      put(`${cpus}/cpu${cpu}/cpuidle/state${index}`, { name, disable: 0 });
  }
}
