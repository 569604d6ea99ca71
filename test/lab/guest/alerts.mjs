// Runs in the guest: the daemon on a port that the host has forwarded, and a fake PMU that counts at the rates of a
// healthy machine, then of one whose socket 1 loads from the other. Argument: JSON { core, healthySeconds, sickSeconds }.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from './daemon.mjs';
import * as fake from './fakepmu.mjs';
import { configured } from './quiet.mjs';

const { core, cpus, healthySeconds, sickSeconds } = JSON.parse(process.argv[2]);
const event = (signal) => core.find((one) => one.signal === signal).event;
const rates = (perSecond, some = ['*']) => {
  for (const [signal, rate] of Object.entries(perSecond))
    for (const cpu of some) fake.rate(event(signal), rate, cpu);
};

fake.load({ ncounters: 8, fixed: 0 });
rates({
  cycles: 3e9,
  instructions: 3e9,
  ref_cycles: 3e9,
  all_loads: 1e9,
  load_local_dram: 5e6,
  load_remote_dram: 2e5,
  load_remote_hitm: 1e4,
});
// Prometheus scrapes it, and the probes would be disturbed by what is done here.
const pmu = { calibration: 'report', turn_period_seconds: 3000 };
const daemon = startDaemon({ config: configured({ collectors: { pmu } }), address: '0.0.0.0:6862' });
await sleep(healthySeconds * 1000);
rates({ instructions: 1e9, load_remote_dram: 5e6, load_remote_hitm: 3e6 }, cpus);
const end = performance.now() + sickSeconds * 1000;
while (performance.now() < end) {
  const drift = spawn(process.execPath, ['dist/main.js', 'drift', '--mib=64', '--seconds=4'], {
    stdio: 'ignore',
  });
  await new Promise((done) => drift.once('exit', done));
}
const stopped = await daemon.stop();
console.log(JSON.stringify({ stopped, log: daemon.log() }));
