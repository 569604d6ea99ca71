// A fleet that is not there: pages as real daemons wrote them (test/golden/), retold by as many hosts as are asked for,
// with counters that go on and faults that begin when they are told to. SIMULATED: no number here was measured.
import { readFileSync } from 'node:fs';

const golden = (name) => readFileSync(new URL(`../golden/${name}.prom`, import.meta.url), 'utf8');

/** How long the recorded page had counted: what it has counted in that time is its rate. */
const recordedSeconds = 60;

/** What can be wrong with a host, and what of its page that changes. A factor holds for gauges, and for the rate of counters. */
const faults = {
  slow_link: {
    'probe_latency_(median|floor|max)_seconds{.*cross_socket': 1.7,
    'probe_ring_items_total{.*cross_socket': 0.5,
  },
  remote_memory: {
    'pmu_loads_total{.*remote_dram': 9,
    pmu_remote_dram_ratio_max: 5,
    'pmu_instructions_total{socket="1"': 0.4,
    interconnect_bytes_total: 4,
  },
  false_sharing: { 'pmu_loads_total{.*remote_hitm': 400 },
  page_thrash: {
    page_migrations_pages_total: 60_000,
    autonuma_pages_migrated_total: 40_000,
    autonuma_hint_faults_total: 20,
    page_migrations_max_per_second: 1,
  },
  shootdowns: { 'tlb_shootdowns_total{socket="1"': 50 },
  migrating_tasks: { sched_task_migrations_total: 20 },
  blind: { probe_last_clean_timestamp_seconds: 0 },
};

export const faultNames = [...Object.keys(faults), 'split_pod', 'other_governor', 'silent'];

const isWorkload = (line) => /^(# (HELP|TYPE) )?numacanary_workload_/.test(line);

/** The recorded pages in parts, so that a page of a host is one join. */
function template() {
  const two = golden('two-socket').split('\n');
  const pods = golden('containerd-systemd').split('\n');
  const lines = [...two.filter((line) => !isWorkload(line)), ...pods.filter(isWorkload)].filter(Boolean);
  const kinds = new Map();
  return lines.map((line) => {
    const [, metric, kind] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (metric) kinds.set(metric, kind);
    if (line.startsWith('#')) return { text: line };
    const [, series, value] = /^(.*) (\S+)$/.exec(line);
    const name = series.replace(/\{.*/s, '');
    const counts =
      kinds.get(name) === 'counter' || kinds.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
    const [, source] = /source="(\w+)"/.exec(series) ?? [];
    // The recorded daemon could not tell its host’s load.
    const shown = /_latency_(median|floor)/.test(name) ? series.replace('"unknown"', '"idle"') : series;
    return { series: shown, name, value: given[name] ?? given[`${name} ${source}`] ?? Number(value), counts };
  });
}

/** Where the recorded machine was idle, what a busy one counts in that time. */
const given = {
  'numacanary_pmu_loads_total remote_hitm': 60 * 10_000,
  numacanary_tlb_shootdowns_total: 60 * 4000,
  numacanary_page_migrations_pages_total: 60 * 0.5,
  numacanary_autonuma_pages_migrated_total: 60 * 0.3,
  numacanary_sched_task_migrations_total: 60 * 30,
};

/** Those of the recorded page. */
const podUids = [
  ...new Set([...golden('containerd-systemd').matchAll(/pod_uid="([0-9a-f-]{36})"/g)].map(([, uid]) => uid)),
];

const matchers = Object.fromEntries(
  Object.entries(faults).map(([fault, changes]) => [
    fault,
    Object.entries(changes).map(([pattern, factor]) => [new RegExp(`^numacanary_${pattern}`), factor]),
  ]),
);

/** From -1 to 1, the same for the same words. */
function noise(...words) {
  let hash = 2166136261;
  for (const character of words.join('|')) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash >>> 0) / 2 ** 32) * 2 - 1;
}

/**
 * @param {{ hosts: number, faulty?: Record<string, string>, beginSeconds?: number }} options faulty: fault by name of
 *   the host; beginSeconds: when the faults begin, since the fleet was made.
 */
export function createFleet({ hosts, faulty = {}, beginSeconds = 0 }) {
  const lines = template();
  const names = Array.from({ length: hosts }, (_, index) => `host-${String(index + 1).padStart(4, '0')}`);
  const factors = new Map();
  /** By line: what the fault of a host makes of it; lines that it does not touch have 1. */
  const factorsOf = (fault) => {
    if (!factors.has(fault)) {
      const rules = matchers[fault] ?? [];
      factors.set(
        fault,
        lines.map(({ series }) => (series && rules.find(([pattern]) => pattern.test(series))?.[1]) ?? 1),
      );
    }
    return factors.get(fault);
  };

  return {
    names,
    /** Cross-socket latency of a host, for whoever writes its history: seconds. */
    latencyOf: (name, at, base = 1.3e-7) =>
      base * (1 + 0.04 * noise(name)) * (1 + 0.01 * noise(name, Math.floor(at / 60))),
    /** What kube-state-metrics and an application of these hosts would tell: two pods on each, one of them a canary. */
    apps(seconds) {
      const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
      const out = ['# TYPE kube_pod_info gauge'];
      for (const uid of podUids)
        out.push(`kube_pod_info{uid="${uid}",namespace="shop",pod="cart-${uid.slice(0, 4)}"} 1`);
      out.push('# TYPE http_request_duration_seconds histogram');
      for (const host of names)
        for (const pod of ['cart-0', 'cart-canary-0']) {
          // A host whose memory is far answers late.
          const slow = seconds >= beginSeconds && faulty[host] === 'remote_memory' ? 4 : 1;
          const count = Math.floor(100 * seconds);
          const labels = `host="${host}",pod="${pod}"`;
          for (const le of buckets)
            out.push(
              `http_request_duration_seconds_bucket{${labels},le="${le}"} ${Math.floor(count * (1 - Math.exp(-le / (0.02 * slow))))}`,
            );
          out.push(`http_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`);
          out.push(`http_request_duration_seconds_count{${labels}} ${count}`);
          out.push(`http_request_duration_seconds_sum{${labels}} ${0.02 * slow * count}`);
        }
      return `${out.join('\n')}\n`;
    },
    /** The page of a host so many seconds after the fleet was made, where `wall` is the time since 1970. Null: no answer. */
    page(name, seconds, wall) {
      if (!names.includes(name)) return null;
      const fault = seconds >= beginSeconds ? faulty[name] : undefined;
      if (fault === 'silent') return null;
      const factor = factorsOf(fault);
      const [own, now] = [1 + 0.04 * noise(name), 1 + 0.01 * noise(name, Math.floor(seconds / 10))];
      const since = Math.max(0, seconds - beginSeconds);
      const out = lines.map(({ text, series, name: metric, value, counts }, index) => {
        if (text) return text;
        if (counts)
          return `${series} ${value * own * (1 + (seconds + since * (factor[index] - 1)) / recordedSeconds)}`;
        if (metric === 'numacanary_probe_last_clean_timestamp_seconds')
          return `${series} ${fault === 'blind' ? wall - since - 1 : wall - 1}`;
        if (metric.startsWith('numacanary_probe_latency') || metric === 'numacanary_memory_latency_seconds')
          return `${series} ${value * own * now * factor[index]}`;
        if (fault === 'other_governor' && series.includes('condition="governor"'))
          return `numacanary_condition_info{condition="governor",value="performance"} ${value}`;
        if (fault === 'split_pod' && /own_cpuset_containers.*several/.test(series)) return `${series} 1`;
        if (fault === 'split_pod' && /workload_sockets_spanned.*qos="guaranteed"/.test(series))
          return `${series} 2`;
        return `${series} ${value * factor[index]}`;
      });
      return `${out.join('\n')}\n`;
    },
  };
}
