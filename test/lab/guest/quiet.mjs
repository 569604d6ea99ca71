// A configuration of the daemon for where only counters are looked at: nothing else is done.
import { writeFileSync } from 'node:fs';

const off = { enabled: false };
const quiet = {
  probes: { latency: off, throughput: off, experienced: off, memory: off },
  jobs: { memory_matrix: off, experiments: off, sweep: off },
};

/** Writes it down, as JSON, which is YAML; `collectors` and so on are sections with what differs from the defaults. */
export function configured(sections = {}, path = '/tmp/numacanary.yml') {
  writeFileSync(path, JSON.stringify({ ...quiet, ...sections }));
  return path;
}
