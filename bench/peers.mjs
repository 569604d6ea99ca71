// The peers section of `npm run bench`: the daemon as shipped beside node_exporter with the collectors that come nearest,
// on this machine, at the same time. Scrapes go to one and the other in turn, far enough apart that each is read anew.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { begin, cpuSeconds, quantile, scrape, seriesOn, sizeOf } from './process.mjs';

const repository = resolve(import.meta.dirname, '..');
const port = { numacanary: 26_862, 'node_exporter, NUMA': 26_863, 'node_exporter, all': 26_865 };
const url = (name) => `http://127.0.0.1:${port[name]}/metrics`;

/** What it knows of NUMA, and of what else we read: with nothing else, and beside what it collects by default. */
const nodeExporter = (port, ...more) => [
  `--web.listen-address=127.0.0.1:${port}`,
  ...more,
  ...['meminfo_numa', 'zoneinfo', 'interrupts', 'vmstat', 'pressure', 'cpu', 'perf'].map((one) => `--collector.${one}`),
  '--collector.vmstat.fields=^(numa_|pgmigrate|thp_|pgpromote|pgdemote|pg.*fault|nr_tlb).*',
]; // prettier-ignore

/** Peers that are no packages everywhere; each left out is said. */
const others = ['pcm-sensor-server', 'cadvisor'];

/**
 * @param scrapes how often each is scraped; a little more than a second apart
 * @param seconds how long both are left to two scrapers of 15 s, and how long to nobody
 */
export async function benchPeers({ scrapes, seconds, warmSeconds }) {
  const leftOut = others.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  const subjects = [
    ['numacanary', () => begin(process.execPath, [resolve(repository, 'dist/main.js'), `--web.listen-address=127.0.0.1:${port.numacanary}`], url('numacanary'))],
    ...[['node_exporter, NUMA', '--collector.disable-defaults'], ['node_exporter, all']].map(([name, ...more]) => [
      name, () => begin('prometheus-node-exporter', nodeExporter(port[name], ...more), url(name))]),
  ]; // prettier-ignore
  const running = new Map();
  for (const [name, start] of subjects) {
    try {
      running.set(name, await start());
    } catch (error) {
      if (name === 'numacanary') throw error;
      leftOut.push(`${String(name)} (apt-get install prometheus-node-exporter): ${String(error)}`);
    }
  }
  try {
    await sleep(warmSeconds * 1000);
    const idle = await during(running, () => sleep(seconds * 1000));
    const steady = await during(running, () => twoScrapers([...running.values()], seconds));
    const times = new Map([...running.keys()].map((name) => [name, []]));
    const bytes = new Map();
    const scraping = await during(running, async () => {
      for (let round = 0; round < scrapes; round += 1) {
        for (const [name, { url: at }] of running) {
          const answer = await scrape(at);
          times.get(name).push(answer.ms);
          bytes.set(name, answer.bytes);
        }
        await sleep(1100); // past the second that scrapes of ours share
      }
    });
    const rows = [];
    for (const [name, { pid, url: at }] of running) {
      const perScrape = (scraping.get(name).cpu - idle.get(name).rate * scraping.get(name).seconds) / scrapes;
      rows.push({
        name,
        scrapeMs: quantile(times.get(name), 0.5),
        scrapeP90Ms: quantile(times.get(name), 0.9),
        cpuMsPerScrape: 1000 * perScrape,
        idleCpuPercent: 100 * idle.get(name).rate,
        steadyCpuPercent: 100 * steady.get(name).rate,
        series: await seriesOn(at),
        workloadSeries: await seriesOn(at, 'numacanary_workload_'),
        bytes: bytes.get(name),
        ...sizeOf(pid),
      });
    }
    return { scrapes, seconds, rows, bare: bareNode(), leftOut };
  } finally {
    for (const { stop } of running.values()) await stop();
  }
}

async function during(running, work) {
  const before = new Map([...running].map(([name, { pid }]) => [name, cpuSeconds(pid)]));
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  return new Map(
    [...running].map(([name, { pid }]) => {
      const cpu = cpuSeconds(pid) - before.get(name);
      return [name, { cpu, seconds, rate: cpu / seconds }];
    }),
  );
}

/** As a pair of Prometheus servers scrapes: every 15 s each, half of it apart. */
async function twoScrapers(subjects, seconds) {
  for (let at = 0; at < seconds; at += 7.5) {
    await Promise.all(subjects.map(({ url: at }) => scrape(at)));
    await sleep(7500);
  }
}

/** What Node takes with the packages that we import, and nothing of ours. */
function bareNode() {
  const { dependencies } = JSON.parse(readFileSync(resolve(repository, 'package.json'), 'utf8'));
  const imports = Object.keys(dependencies).map((name) => `await import('${name}');`);
  const code = `${imports.join(' ')}
    const { readFileSync } = await import('node:fs');
    setTimeout(() => console.log(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]), 500);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: repository, encoding: 'utf8' });
  return { rssMiB: Number(stdout) / 1024 };
} // prettier-ignore

export function printPeers({ scrapes, seconds, rows, bare, leftOut }) {
  console.log(`\npeers: ${scrapes} scrapes of each in turn, then ${seconds} s alone and ${seconds} s with two scrapers of 15 s`);
  for (const what of leftOut) console.log(`     left out ${what}`);
  console.log('                         scrape       p90   CPU each  CPU alone  scraped twice       RSS      peak  series   bytes  threads  fds');
  for (const row of rows)
    console.log(
      row.name.padEnd(21) +
        `${row.scrapeMs.toFixed(2)} ms`.padStart(10) +
        `${row.scrapeP90Ms.toFixed(2)} ms`.padStart(10) +
        `${row.cpuMsPerScrape.toFixed(2)} ms`.padStart(11) +
        `${row.idleCpuPercent.toFixed(2)} %`.padStart(11) +
        `${row.steadyCpuPercent.toFixed(2)} %`.padStart(15) +
        `${row.rssMiB.toFixed(0)} MiB`.padStart(10) +
        `${row.peakMiB.toFixed(0)} MiB`.padStart(10) +
        String(row.series).padStart(8) +
        String(row.bytes).padStart(8) +
        String(row.threads).padStart(9) +
        String(row.fds).padStart(5),
    );
  console.log(`bare Node with the same imports: RSS ${bare.rssMiB.toFixed(0)} MiB`);
} // prettier-ignore
