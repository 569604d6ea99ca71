// What the rules would have recorded of a simulated fleet, as OpenMetrics for `promtool tsdb create-blocks-from`.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const group =
  'cpu_model="Intel(R) Xeon(R) Platinum 8480+",sockets="2",nodes_per_socket="1",hypervisor="false"';
const sockets = [0, 1];
const pair = 'src_socket="0",dst_socket="1",distance="cross_socket"';
const same = (socket) => `src_socket="${socket}",dst_socket="${socket}",distance="llc"`;

/** Name, labels beside cluster and host, usual value. What varies by host and hour is put on top. */
const recorded = [
  ['host:numacanary_group:info', group, 1],
  ['host:numacanary_cross_socket_latency_seconds:max', `host_load="idle",${group}`, 1.3e-7],
  ['host:numacanary_cross_over_same_socket_latency:ratio', 'host_load="idle"', 2.1],
  ['host:numacanary_cross_socket_latency:zscore', `host_load="idle",${group}`, 0.5],
  ['host_pair:numacanary_latency_seconds:max', `${pair},host_load="idle"`, 1.3e-7],
  ...sockets.map((socket) => [
    'host_pair:numacanary_latency_seconds:max',
    `${same(socket)},host_load="idle"`,
    6e-8,
  ]),
  ['host_pair:numacanary_latency_seconds:sampled5m', `${pair},host_load="idle"`, 1.3e-7],
  ['host_pair:numacanary_latency_seconds:baseline1d', `${pair},host_load="idle"`, 1.3e-7],
  ['host_pair:numacanary_latency_seconds:usual_high1d', `${pair},host_load="idle"`, 1.35e-7],
  ['host_pair:numacanary_ring_items_per_second:rate10m', `${pair},batch="512"`, 4e8],
  ['host_pair:numacanary_ring_items_per_second:sampled5m', `${pair},batch="512"`, 4e8],
  ...sockets.flatMap((socket) => [
    ['host_socket:numacanary_remote_dram:ratio_rate5m', `socket="${socket}",unit="retired_loads"`, 0.12],
    ['host_socket:numacanary_remote_dram:sampled5m', `socket="${socket}",unit="retired_loads"`, 0.12],
    ['host_socket:numacanary_dram_loads:rate5m', `socket="${socket}",unit="retired_loads"`, 2e8],
    ['host_socket:numacanary_hitm_per_load:ratio_rate5m', `socket="${socket}"`, 2e-5],
    ['host_socket:numacanary_cycles:rate5m', `socket="${socket}"`, 4e10],
    ['host_socket:numacanary_instructions_per_cycle:ratio_rate5m', `socket="${socket}"`, 1.2],
    ['host_socket:numacanary_l3_stalls:ratio_rate5m', `socket="${socket}"`, 0.2],
    ['host_socket:numacanary_interconnect_bytes:rate5m', `socket="${socket}"`, 7e8],
    ['host_socket:numacanary_tlb_shootdowns:rate5m', `socket="${socket}"`, 4000],
    ['host_socket:numacanary_tlb_shootdowns:sampled5m', `socket="${socket}"`, 4000],
    ['host_socket:numacanary_burst_seconds:increase10m', `socket="${socket}",signal="remote_dram"`, 0],
  ]),
  ['host:numacanary_pages_migrated:rate5m', '', 0.5],
  ['host:numacanary_task_migrations:rate5m', '', 30],
  ['host:numacanary_task_migrations:sampled5m', '', 30],
  ['host:numacanary_cross_socket_clean_age_seconds:max', '', 2],
  ['host:numacanary_tainted:ratio_rate1h', '', 0.02],
  ['host:numacanary_workloads_split:count', '', 0],
  ['host:numacanary_workloads_outside_bytes:sum', '', 1e8],
];
const perGroup = [
  ['group:numacanary_cross_socket_latency_seconds:median', `host_load="idle",${group}`, 1.3e-7],
  ['group:numacanary_cross_socket_latency_seconds:mad', `host_load="idle",${group}`, 2e-9],
];

export const seriesOfHost = recorded.length;

/** Writes [from, to) in steps, seconds since 1970; each series on its own, as the format wants it. */
export async function writeHistory(file, fleet, cluster, from, to, stepSeconds) {
  const out = createWriteStream(file);
  for (const [name, labels, value] of recorded) {
    for (const host of fleet.names) {
      const own = fleet.latencyOf(host, 0, 1);
      const series = `${name}{cluster="${cluster}",host="${host}"${labels && ','}${labels}}`;
      let text = '';
      for (let at = from; at < to; at += stepSeconds) {
        const day = 1 + 0.05 * Math.sin((at / 86_400) * 2 * Math.PI);
        text += `${series} ${value === 1 ? 1 : (value * own * day).toPrecision(6)} ${at}\n`;
      }
      if (!out.write(text)) await once(out, 'drain');
    }
  }
  for (const [name, labels, value] of perGroup)
    for (let at = from; at < to; at += stepSeconds)
      out.write(`${name}{cluster="${cluster}",${labels}} ${value} ${at}\n`);
  out.end('# EOF\n');
  await once(out, 'finish');
}
