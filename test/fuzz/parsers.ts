/** What each parser promises of any text: a value of which this holds, or its own error. By file of src/parse. */
import { expect } from 'vitest';
import { capabilityWords, threadCapabilities } from '../../src/parse/capabilities.ts';
import { parseCacheSize } from '../../src/parse/cache_size.ts';
import { parseCgroup } from '../../src/parse/cgroup.ts';
import { parseChoice } from '../../src/parse/choice.ts';
import { parseParameter } from '../../src/parse/cmdline.ts';
import { parseCpuManagerState } from '../../src/parse/cpu_manager_state.ts';
import { parseCpuinfo } from '../../src/parse/cpuinfo.ts';
import { formatCpulist, parseCpulist, parseCpumask } from '../../src/parse/cpulist.ts';
import { parseThrottled } from '../../src/parse/cpustat.ts';
import { parseDistance } from '../../src/parse/distance.ts';
import { parseDuration } from '../../src/parse/duration.ts';
import { parseInteger } from '../../src/parse/integer.ts';
import { parseInterrupts } from '../../src/parse/interrupts.ts';
import { parseKernelConfig } from '../../src/parse/kernel_config.ts';
import { parseMemTotal, parseMeminfo } from '../../src/parse/meminfo.ts';
import { parseMemoryNumaStat } from '../../src/parse/memory_numa_stat.ts';
import { parseNumaMaps } from '../../src/parse/numa_maps.ts';
import { parseNumaStatus } from '../../src/parse/numa_status.ts';
import { parsePageSize } from '../../src/parse/page_size.ts';
import { parsePidStat } from '../../src/parse/pid_stat.ts';
import { parsePids } from '../../src/parse/pids.ts';
import { parsePmuEvent } from '../../src/parse/pmu_event.ts';
import { parsePmuFormat } from '../../src/parse/pmu_format.ts';
import { parsePressure, parseStalled } from '../../src/parse/pressure.ts';
import { parseProcStat } from '../../src/parse/procstat.ts';
import { parseDomain, parseMonitored } from '../../src/parse/resctrl.ts';
import { parseSelfStat } from '../../src/parse/self_stat.ts';
import {
  parseCapabilities,
  parseCpusAllowed,
  parseMemsAllowed,
  parseSeccomp,
} from '../../src/parse/status.ts';
import { parseSubjectAltName, sameSpelling } from '../../src/parse/subject_alt_name.ts';
import { parseSwaps } from '../../src/parse/swaps.ts';
import { parseUid } from '../../src/parse/uid.ts';
import { parseVmstat, vmstatCounter } from '../../src/parse/vmstat.ts';
import { parseVulnerability } from '../../src/parse/vulnerability.ts';
import { parseLowWatermarks } from '../../src/parse/zoneinfo.ts';

type Promises = Readonly<Record<string, (text: string) => void>>;

/** What can be told: finite and not below 0. */
const told = (...numbers: readonly (number | null | undefined)[]) => {
  for (const number of numbers)
    if (number !== null && number !== undefined) expect(number).toSatisfy(tellable);
};
const tellable = (number: number) => Number.isFinite(number) && number >= 0;
const id = (...ids: readonly number[]) => {
  for (const one of ids)
    expect(one).toSatisfy((number: number) => Number.isSafeInteger(number) && number >= 0);
};
const ascending = (ids: readonly number[]) => {
  id(...ids);
  expect(ids.every((one, index) => index === 0 || one > Number(ids[index - 1]))).toBe(true);
};
const byId = (map: ReadonlyMap<number, number>) => {
  for (const [key, value] of map) {
    id(key);
    told(value);
  }
};
const word = (text: string) => expect(text).toMatch(/^[a-z0-9_+-]{0,40}$/i);

export const promises: Readonly<Record<string, Promises>> = {
  cache_size: { parseCacheSize: (text) => told(parseCacheSize(text)) },
  capabilities: {
    capabilityWords: (text) => expect(capabilityWords(BigInt(text.length))).toMatch(/^[a-z0-9_, ]+$/),
    threadCapabilities: (text) => expect(threadCapabilities([text, text])).toMatch(/^[a-z0-9_, ]+$/),
  },
  cgroup: {
    parseCgroup: (text) => {
      for (const { version, controllers, path } of parseCgroup(text)) {
        expect(version === 2).toBe(controllers === '');
        expect(path).not.toMatch(/^$|\n/);
      }
    },
  },
  choice: { parseChoice: (text) => word(parseChoice(text)) },
  cmdline: {
    parseParameter: (text) => {
      // Whatever else the line holds is nobody's business.
      for (const value of parseParameter(text, 'rcu_nocbs'))
        expect(text.replaceAll('"', '')).toContain(value);
    },
  },
  cpu_manager_state: {
    parseCpuManagerState: (text) => {
      const { policy, shared, exclusive } = parseCpuManagerState(text);
      word(policy);
      ascending(shared);
      ascending(exclusive);
    },
  },
  cpuinfo: {
    parseCpuinfo: (text) => {
      const { family, model, stepping, processors } = parseCpuinfo(text);
      told(family, model, stepping);
      id(...processors);
    },
  },
  cpulist: {
    parseCpulist: (text) => {
      const ids = parseCpulist(text);
      ascending(ids);
      expect(parseCpulist(formatCpulist(ids))).toEqual(ids);
    },
    parseCpumask: (text) => ascending(parseCpumask(text)),
    formatCpulist: (text) => expect(formatCpulist([text.length])).toBe(String(text.length)),
  },
  cpustat: { parseThrottled: (text) => told(parseThrottled(text)) },
  distance: { parseDistance: (text) => told(...parseDistance(text)) },
  duration: { parseDuration: (text) => told(parseDuration(text)) },
  integer: { parseInteger: (text) => expect(parseInteger(text)).toSatisfy(Number.isFinite) },
  interrupts: {
    parseInterrupts: (text) => {
      const { cpus, lines } = parseInterrupts(text, () => true);
      id(...cpus);
      for (const { counts } of lines) {
        expect(counts).toHaveLength(cpus.length);
        told(...counts);
      }
    },
  },
  kernel_config: {
    parseKernelConfig: (text) => {
      const { HZ, PREEMPT_RT, ...others } = parseKernelConfig(text, ['HZ', 'PREEMPT_RT']);
      word(HZ);
      word(PREEMPT_RT);
      expect(others).toEqual({});
    },
  },
  meminfo: {
    parseMemTotal: (text) => told(parseMemTotal(text)),
    parseMeminfo: (text) => told(...parseMeminfo(text).values()),
  },
  memory_numa_stat: {
    parseMemoryNumaStat: (text) => {
      const { anon, file } = parseMemoryNumaStat(text);
      byId(anon);
      byId(file);
    },
  },
  numa_maps: {
    parseNumaMaps: (text) => {
      for (const { start, bytes } of parseNumaMaps(text)) {
        expect(start).toMatch(/^[0-9a-f]+$/);
        byId(bytes);
      }
    },
  },
  numa_status: { parseNumaStatus: (text) => id(parseNumaStatus(text) ?? 0) },
  page_size: { parsePageSize: (text) => expect(parsePageSize(text) / 1024).toSatisfy(Number.isSafeInteger) },
  pid_stat: {
    parsePidStat: (text) => {
      const { command, startTicks, residentPages } = parsePidStat(text);
      expect(text).toContain(`(${command})`);
      id(startTicks, residentPages);
    },
  },
  pids: { parsePids: (text) => id(...parsePids(text).map((pid) => pid - 1)) },
  pmu_event: {
    parsePmuEvent: (text) => {
      for (const [field, value] of Object.entries(parsePmuEvent(text))) {
        expect(field).toMatch(/^[a-z]\w*$/i);
        expect(value >= 0n).toBe(true);
      }
    },
  },
  pmu_format: {
    parsePmuFormat: (text) => {
      for (const [from, to] of parsePmuFormat(text).bits) {
        id(from, to);
        expect(from <= to && to < 64).toBe(true);
      }
    },
  },
  pressure: {
    parsePressure: (text) => told(parsePressure(text)),
    parseStalled: (text) => {
      const { some, full } = parseStalled(text);
      told(some, full);
    },
  },
  procstat: {
    parseProcStat: (text) => {
      for (const [cpu, { idle, irq, steal, total }] of parseProcStat(text)) {
        id(cpu);
        told(idle, irq, steal, total);
        expect(total).toBeGreaterThanOrEqual(Math.max(idle, irq, steal));
      }
    },
  },
  resctrl: {
    parseMonitored: (text) => told(parseMonitored(text)),
    parseDomain: (text) => told(parseDomain(text)),
  },
  self_stat: {
    parseSelfStat: (text) => {
      const { cpuTicks, startTicks } = parseSelfStat(text);
      told(cpuTicks, startTicks);
    },
  },
  status: {
    parseCpusAllowed: (text) => ascending(parseCpusAllowed(text)),
    parseMemsAllowed: (text) => ascending(parseMemsAllowed(text)),
    parseCapabilities: (text) => expect(parseCapabilities(text) >> 64n).toBe(0n),
    parseSeccomp: (text) => expect(parseSeccomp(text)).toBeTypeOf('boolean'),
  },
  subject_alt_name: {
    // Nobody's name is made longer, and so none is made up: an address alone is spelled anew.
    parseSubjectAltName: (text) => {
      for (const name of parseSubjectAltName(text)) expect(name.length).toBeLessThanOrEqual(text.length + 40);
    },
    sameSpelling: (text) => expect(sameSpelling(sameSpelling(text))).toBe(sameSpelling(text)),
  },
  swaps: {
    parseSwaps: (text) =>
      parseSwaps(text).forEach((kind) => expect(['file', 'partition', 'zram']).toContain(kind)),
  },
  uid: { parseUid: (text) => told(parseUid(text)) },
  vmstat: {
    parseVmstat: (text) => told(...parseVmstat(text).values()),
    vmstatCounter: (text) => told(vmstatCounter(text, 'pgmigrate_success')),
  },
  vulnerability: { parseVulnerability: (text) => word(parseVulnerability(text).remedy) },
  zoneinfo: { parseLowWatermarks: (text) => byId(parseLowWatermarks(text)) },
};
